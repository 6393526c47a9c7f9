// What the user has set, kept in this browser.
import { Signal } from "./signal";

export type Compare = "off" | "plain" | "two";
export type Order = "score" | "name" | "added";
export type Filter = "all" | "defect" | "good" | "open" | "failed";
export type Theme = "system" | "light" | "dark";

const kept = { opacity: 0.6, heat: true, lines: true, order: "score" as Order, theme: "system" as Theme, keys: true, lossy: false,
  /** The detector that was chosen, "" for none. */
  detector: "",
  /** Thresholds that were moved, by detector and model; see inspect/detector.ts. */
  thresholds: {} as Record<string, number> };

export const settings = { ...kept, threshold: 1, compare: "off" as Compare, filter: "all" as Filter };
type Name = keyof typeof settings;

export const changed = new Signal<Name>();

const place = "semirest.settings";

try {
  const saved = JSON.parse(localStorage.getItem(place) ?? "{}") as Record<string, unknown>;
  for (const name of Object.keys(kept)) {
    // A value of another type comes from another version of the page.
    if (typeof saved[name] === typeof kept[name as keyof typeof kept]) (settings as Record<string, unknown>)[name] = saved[name];
  }
  settings.thresholds = Object.fromEntries(Object.entries(settings.thresholds ?? {}).filter(([, v]) => Number.isFinite(v) && v > 0));
} catch { /* no storage, or spoilt: the defaults do */ }

/** Changes one setting, keeps it, and tells everyone. */
export function set<K extends Name>(name: K, value: (typeof settings)[K]): void {
  if (settings[name] === value) return;
  settings[name] = value;
  try {
    const now = Object.fromEntries(Object.keys(kept).map((k) => [k, settings[k as Name]]));
    localStorage.setItem(place, JSON.stringify(now));
  } catch { /* no storage: it lasts as long as the page */ }
  changed.emit(name);
}
