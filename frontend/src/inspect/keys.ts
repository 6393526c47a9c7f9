// The keyboard: one table for what keys do and for the sheet that lists them.
import * as album from "./album";
import * as shown from "./shown";
import { $, make } from "../dom";
import * as detector from "./detector";
import { nudgeOpacity, nudgeThreshold } from "./panel";
import { inspecting } from "../router";
import { overlayPNG, resultsCSV } from "./save";
import { set, settings, type Order } from "../settings";
import { actual, fit, nextCompare, panBy, zoomBy } from "./stage";
import { turn } from "../theme";

interface Key { group: string; keys: string[]; text: string; run: () => void; shown?: string }

const press = (id: string) => () => { const b = $<HTMLButtonElement>(id); if (!b.hidden) b.click(); };
const orders: Order[] = ["score", "name", "added"];

const table: Key[] = [
  { group: "Pictures", keys: ["ArrowRight", "ArrowDown", "j"], shown: "→ ↓ J", text: "Next picture", run: () => shown.step(1) },
  { group: "Pictures", keys: ["ArrowLeft", "ArrowUp", "i"], shown: "← ↑ I", text: "Picture before", run: () => shown.step(-1) },
  { group: "Pictures", keys: ["Home"], text: "First", run: () => shown.selectEnd("first") },
  { group: "Pictures", keys: ["End"], text: "Last", run: () => shown.selectEnd("last") },
  { group: "Pictures", keys: ["a"], text: "Add pictures", run: press("add") },
  { group: "Pictures", keys: ["f"], text: "Add a folder", run: press("add-folder") },
  { group: "Pictures", keys: ["k"], text: "Camera", run: press("add-camera") },
  { group: "Pictures", keys: ["d"], text: "Demo pictures", run: press("add-demo") },
  { group: "Pictures", keys: ["q"], text: "Another order", run: () => set("order", orders[(orders.indexOf(settings.order) + 1) % 3]) },
  { group: "Pictures", keys: ["r"], text: "Score again", run: () => { const p = album.current(); if (p) album.retry(p.id); } },
  { group: "Pictures", keys: ["Delete", "Backspace"], shown: "Delete", text: "Remove", run: () => { const p = album.current(); if (p) shown.remove(p.id); } },
  { group: "View", keys: ["+", "="], shown: "+", text: "Zoom in", run: () => zoomBy(1.25) },
  { group: "View", keys: ["-"], shown: "−", text: "Zoom out", run: () => zoomBy(0.8) },
  { group: "View", keys: ["0"], text: "Fit", run: fit },
  { group: "View", keys: ["1"], text: "Actual pixels", run: actual },
  { group: "View", keys: ["Shift+ArrowLeft"], shown: "Shift + arrows", text: "Pan", run: () => panBy(0.15, 0) },
  { group: "View", keys: ["Shift+ArrowRight"], shown: "", text: "", run: () => panBy(-0.15, 0) },
  { group: "View", keys: ["Shift+ArrowUp"], shown: "", text: "", run: () => panBy(0, 0.15) },
  { group: "View", keys: ["Shift+ArrowDown"], shown: "", text: "", run: () => panBy(0, -0.15) },
  { group: "View", keys: ["h"], text: "Heat map on or off", run: () => set("heat", !settings.heat) },
  { group: "View", keys: ["o"], text: "Contours on or off", run: () => set("lines", !settings.lines) },
  { group: "View", keys: ["c"], text: "Compare: picture, two, off", run: nextCompare },
  { group: "View", keys: ["p"], text: "Pin for comparing", run: () => { const p = album.current(); if (p) album.pin(p.id); } },
  { group: "Threshold", keys: ["]"], text: "Threshold up", run: () => nudgeThreshold(0.05) },
  { group: "Threshold", keys: ["["], text: "Threshold down", run: () => nudgeThreshold(-0.05) },
  { group: "Threshold", keys: ["\\"], text: "The detector's threshold", run: () => set("threshold", 1) },
  { group: "Threshold", keys: ["."], text: "More opaque", run: () => nudgeOpacity(0.05) },
  { group: "Threshold", keys: [","], text: "Less opaque", run: () => nudgeOpacity(-0.05) },
  { group: "Threshold", keys: ["n"], text: "Next detector", run: detector.next },
  { group: "Save", keys: ["s"], text: "Overlay as PNG", run: overlayPNG },
  { group: "Save", keys: ["e"], text: "Results as CSV", run: resultsCSV },
  { group: "Page", keys: ["t"], text: "Light or dark", run: turn },
  { group: "Page", keys: ["?"], text: "This help", run: press("help") },
];

const byKey = new Map(table.flatMap((k) => k.keys.map((name) => [name, k] as const)));

/** Whether a key belongs to the control that has the focus. */
function taken(event: KeyboardEvent): boolean {
  const at = event.target;
  if (!(at instanceof HTMLElement)) return false;
  if (at.closest("dialog")) return true;
  if (at instanceof HTMLSelectElement) return true;
  if (at instanceof HTMLInputElement) {
    if (at.type === "range") return /^(Arrow|Home|End|Page)/.test(event.key);
    return at.type !== "checkbox";
  }
  return false;
}

function onKey(event: KeyboardEvent): void {
  if (!inspecting() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || taken(event)) return;
  const single = event.key.length === 1;
  if (single && !settings.keys) return;
  const name = event.shiftKey && !single ? "Shift+" + event.key : single ? event.key.toLowerCase() : event.key;
  const key = byKey.get(name);
  if (!key) return;
  event.preventDefault();
  key.run();
}

function sheet(): void {
  const groups = new Map<string, Key[]>();
  for (const k of table) if (k.shown !== "") groups.set(k.group, [...groups.get(k.group) ?? [], k]);
  $("key-list").replaceChildren(...[...groups].map(([name, keys]) => make("section", {}, make("h3", {}, name),
    make("dl", {}, ...keys.flatMap((k) => [
      make("dt", {}, ...(k.shown ?? (k.keys[0].length > 1 ? k.keys[0] : k.keys[0].toUpperCase())).split(/ (?!\+|arrows)/).map((s) => make("kbd", {}, s))),
      make("dd", {}, k.text)])))));
}

export function begin(): void {
  sheet();
  const dialog = $<HTMLDialogElement>("help-sheet");
  $("help").addEventListener("click", () => dialog.showModal());
  const on = $<HTMLInputElement>("keys-on");
  on.checked = settings.keys;
  on.addEventListener("change", () => set("keys", on.checked));
  addEventListener("keydown", onKey);
  // A click beside a dialog closes it, as Escape does.
  for (const d of document.querySelectorAll("dialog")) d.addEventListener("click", (event) => { if (event.target === d) d.close(); });
}
