// Which screen the address shows. The page is one document; the part after # names the screen, so that back, forward,
// reload and bookmarks work. "#/" is the inspection, which is always there and only hidden; every other screen is built
// when it is gone to and taken down when it is left.
import { Signal } from "./signal";

/** A place of the page: the screen's name and what it is about; model is after a ?. */
export interface Place { screen: string; project: string; picture: string; model: string }

/** The screens of one project, as its tabs name them. */
export const tabs = ["pictures", "train", "models", "threshold", "report", "people"] as const;

/** Reads the part of an address after #. What it does not know is the inspection. */
export function parse(hash: string): Place {
  const [path, query = ""] = hash.replace(/^#?\/?/, "").split("?");
  const parts = path.split("/").map(decode).filter(Boolean);
  const at = (screen: string, project = "", picture = "", model = ""): Place => ({ screen, project, picture, model });
  if (parts[0] === "projects") {
    if (parts.length === 1) return at("projects");
    if (parts.length === 2) return at("pictures", parts[1]);
    if (parts[2] === "label" && parts.length === 4) return at("label", parts[1], parts[3]);
    if (parts.length === 3 && (tabs as readonly string[]).includes(parts[2])) return at(parts[2], parts[1], "", decode(query));
    return at("pictures", parts[1]);
  }
  if (parts.length === 1 && parts[0] === "line") return at("line");
  if (parts.length === 1 && (parts[0] === "people" || parts[0] === "sign-in")) return at(parts[0] === "people" ? "accounts" : "sign-in");
  return at("inspect");
}

function decode(part: string): string {
  try { return decodeURIComponent(part); } catch { return part; }
}

/** The address of a project's screen. */
export function href(project: string, screen = "pictures", picture = ""): string {
  const base = `#/projects/${encodeURIComponent(project)}`;
  if (screen === "label") return `${base}/label/${encodeURIComponent(picture)}`;
  return screen === "pictures" ? base : `${base}/${screen}`;
}

let now = parse(location.hash);

/** Another place is shown. */
export const moved = new Signal<Place>();

export const here = (): Place => now;

/** Whether the inspection is what is seen: keys, drops and pastes are its own only then. */
export const inspecting = (): boolean => now.screen === "inspect";

/** Goes to an address, leaving the one before in the history unless replace is true. */
export function go(to: string, replace = false): void {
  if (to === location.hash || (to === "#/" && !location.hash)) return;
  if (replace) location.replace(to);
  else location.hash = to;
}

export function begin(): void {
  now = parse(location.hash);
  addEventListener("hashchange", () => {
    now = parse(location.hash);
    moved.emit(now);
  });
  moved.emit(now);
}
