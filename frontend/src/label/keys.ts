// The keyboard of the labelling screen: one table for what keys do and for the sheet that lists them.
import { icon, make } from "../dom";
import { Keys, type As, type Tool } from "../go/words";
import { tools } from "./words";
import { set, settings } from "../settings";

/** What the screen can be asked by a key. Numbers are of picture pixels, degrees, or steps. */
export interface Doing {
  tool(name: Tool): void;
  act(name: "undo" | "redo" | "normal" | "delete" | "cancel" | "create" | "accept" | "dismiss" | "fill"): void;
  take(as: As): void;
  confirm(): void;
  step(by: number): boolean; // false where there is no further shape
  arrow(dx: number, dy: number): void;
  grow(dw: number, dh: number): void;
  turn(degrees: number): void;
  press(keys: number): void;
  propose(): void;
  brush(factor: number): void;
  picture(by: number): void;
  nextUnlabelled(): void;
  zoom(factor: number): void;
  fit(): void;
  actual(): void;
  flip(what: "snap" | "heat" | "truth"): void;
}

interface Key { group: string; keys: string[]; shown?: string; text: string; run: (d: Doing, event: KeyboardEvent) => boolean | void }

const arrows: [string, number, number][] = [["ArrowLeft", -1, 0], ["ArrowRight", 1, 0], ["ArrowUp", 0, -1], ["ArrowDown", 0, 1]];
const silent = { shown: "", text: "" };

const table: Key[] = [
  ...Object.entries(tools).map(([name, t], i): Key => ({ group: "Tools", keys: [t.key.toLowerCase(), String(i + 1)], shown: `${t.key} ${i + 1}`,
    text: t.name, run: (d) => d.tool(name as Tool) })),
  { group: "Tools", keys: ["n"], text: "This picture is normal", run: (d) => d.act("normal") },
  { group: "Tools", keys: ["["], text: "Smaller brush", run: (d) => d.brush(1 / 1.25) },
  { group: "Tools", keys: ["]"], text: "Larger brush", run: (d) => d.brush(1.25) },
  { group: "Tools", keys: ["s"], text: "Snap on or off", run: (d) => d.flip("snap") },

  { group: "Pictures", keys: ["PageDown", "j"], shown: "PgDn J", text: "Next picture", run: (d) => d.picture(1) },
  { group: "Pictures", keys: ["PageUp", "i"], shown: "PgUp I", text: "Picture before", run: (d) => d.picture(-1) },
  { group: "Pictures", keys: ["u", "Ctrl+Enter"], shown: "U Ctrl+Enter", text: "Next unlabelled", run: (d) => d.nextUnlabelled() },
  { group: "Pictures", keys: ["t"], text: "Ground truth", run: (d) => d.flip("truth") },

  { group: "Shapes", keys: ["c"], text: "New box in the middle", run: (d) => d.act("create") },
  { group: "Shapes", keys: ["Tab"], shown: "Tab", text: "Next shape (Shift: before)", run: (d, e) => d.step(e.shiftKey ? -1 : 1) },
  { group: "Shapes", keys: ["Shift+Tab"], ...silent, run: (d) => d.step(-1) },
  { group: "Shapes", keys: ["ArrowLeft"], shown: "← → ↑ ↓", text: "Move by 1 (Shift: 10)", run: (d) => d.arrow(-1, 0) },
  { group: "Shapes", keys: ["Ctrl+ArrowLeft"], shown: "Ctrl + arrows", text: "Resize by 1 (Shift: 10)", run: (d) => d.grow(-1, 0) },
  { group: "Shapes", keys: [","], text: "Turn left (Shift: 15°)", run: (d) => d.turn(-1) },
  { group: "Shapes", keys: ["."], text: "Turn right (Shift: 15°)", run: (d) => d.turn(1) },
  { group: "Shapes", keys: ["<"], ...silent, run: (d) => d.turn(-15) },
  { group: "Shapes", keys: [">"], ...silent, run: (d) => d.turn(15) },
  { group: "Shapes", keys: ["Enter"], text: "Finish, accept, let go", run: (d) => d.confirm() },
  { group: "Shapes", keys: ["Escape"], shown: "Esc", text: "Give up, let go", run: (d) => d.act("cancel") },
  { group: "Shapes", keys: ["Delete", "Backspace"], shown: "Del", text: "Delete; take back a point", run: (d) => d.act("delete") },
  { group: "Shapes", keys: ["m"], text: "Turn into pixels", run: (d) => d.act("fill") },

  { group: "Drawing without a mouse", keys: [], shown: "arrows", text: "Move the cursor while nothing is selected", run: () => {} },
  { group: "Drawing without a mouse", keys: [" "], shown: "Space", text: "Press, and again to release; a polygon's point", run: (d) => d.press(0) },
  { group: "Drawing without a mouse", keys: ["Shift+ "], ...silent, run: (d) => d.press(Keys.shift) },

  { group: "Proposals", keys: ["p"], text: "Propose from the heat map", run: (d) => d.propose() },
  { group: "Proposals", keys: ["a"], text: "Accept the selected one, or all", run: (d) => d.act("accept") },
  { group: "Proposals", keys: ["x"], text: "Dismiss the selected one, or all", run: (d) => d.act("dismiss") },
  { group: "Proposals", keys: ["o"], text: "Heat map on or off", run: (d) => d.flip("heat") },

  { group: "Clicks to a region", keys: [], shown: "Shift+Click", text: "Not a defect (without a mouse: Shift+Space)", run: () => {} },
  { group: "Clicks to a region", keys: [], shown: "Enter", text: "Accept as pixels", run: () => {} },
  { group: "Clicks to a region", keys: ["Shift+Enter"], shown: "Shift+Enter", text: "Accept as blocks", run: (d) => d.take("blocks") },
  { group: "Clicks to a region", keys: ["Ctrl+b"], shown: "Ctrl+B", text: "Accept as a box", run: (d) => d.take("box") },

  { group: "View", keys: ["+", "="], shown: "+", text: "Zoom in", run: (d) => d.zoom(1.25) },
  { group: "View", keys: ["-"], shown: "−", text: "Zoom out", run: (d) => d.zoom(0.8) },
  { group: "View", keys: ["0"], text: "Fit", run: (d) => d.fit() },
  { group: "View", keys: ["z"], text: "Actual pixels", run: (d) => d.actual() },
  { group: "View", keys: ["Ctrl+z"], shown: "Ctrl+Z", text: "Undo", run: (d) => d.act("undo") },
  { group: "View", keys: ["Ctrl+y", "Ctrl+Shift+z"], shown: "Ctrl+Y", text: "Redo", run: (d) => d.act("redo") },
];
for (const [key, dx, dy] of arrows) {
  if (dx >= 0) table.push({ group: "", ...silent, keys: [key], run: (d) => d.arrow(dx, dy) });
  table.push({ group: "", ...silent, keys: ["Shift+" + key], run: (d) => d.arrow(10 * dx, 10 * dy) });
  if (dx >= 0) table.push({ group: "", ...silent, keys: ["Ctrl+" + key], run: (d) => d.grow(dx, dy) });
  table.push({ group: "", ...silent, keys: ["Ctrl+Shift+" + key], run: (d) => d.grow(10 * dx, 10 * dy) });
}

const byKey = new Map(table.flatMap((k) => k.keys.map((name) => [name, k] as const)));

/** Keys that drive the picture, and only while it has the focus: elsewhere they move between controls and press them. */
const ofThePicture = /^(Shift\+)?(Tab| |Enter)$/;

function nameOf(event: KeyboardEvent): string {
  const single = event.key.length === 1, ctrl = event.ctrlKey || event.metaKey;
  const shift = event.shiftKey && (!single || ctrl || event.key === " ");
  return (ctrl ? "Ctrl+" : "") + (shift ? "Shift+" : "") + (single ? event.key.toLowerCase() : event.key);
}

/** Whether a key belongs to the control that has the focus. */
function taken(event: KeyboardEvent, pane: HTMLElement): boolean {
  const at = event.target;
  if (!(at instanceof HTMLElement)) return false;
  if (at.closest("dialog")) return true;
  if (at === pane) return false;
  if (at instanceof HTMLSelectElement || at instanceof HTMLTextAreaElement) return true;
  if (at instanceof HTMLInputElement) {
    if (at.type === "range") return /^(Arrow|Home|End|Page)/.test(event.key);
    return at.type !== "checkbox" || event.key === " ";
  }
  return ofThePicture.test(nameOf(event));
}

/** Listens until it is aborted. The picture's pane is where Tab, Space and Enter mean the picture. */
export function listen(pane: HTMLElement, doing: Doing, until: AbortSignal): void {
  addEventListener("keydown", (event) => {
    if (event.altKey || event.isComposing || taken(event, pane)) return;
    const name = nameOf(event), key = byKey.get(name);
    if (!key) return;
    if (event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !settings.keys) return;
    if (name === " " && event.repeat) { event.preventDefault(); return; }
    if (key.run(doing, event) === false) return; // Tab goes on to the next control
    event.preventDefault();
  }, { signal: until });
}

/** The sheet that lists the keys. */
export function helpSheet(): HTMLDialogElement {
  const groups = new Map<string, Key[]>();
  for (const k of table) if (k.shown !== "") groups.set(k.group, [...groups.get(k.group) ?? [], k]);
  const on = make("input", { type: "checkbox" });
  on.checked = settings.keys;
  on.addEventListener("change", () => set("keys", on.checked));
  const close = make("button", { class: "icon", "aria-label": "Close", type: "button", onclick: () => dialog.close() }, icon("close"));
  const dialog: HTMLDialogElement = make("dialog", { class: "sheet label-help", "aria-label": "Keyboard" },
    make("div", { class: "sheet-head" }, make("h2", {}, "Keyboard"), close),
    make("div", { class: "keys" }, ...[...groups].map(([name, keys]) => make("section", {}, make("h3", {}, name),
      make("dl", {}, ...keys.flatMap((k) => [
        make("dt", {}, ...(k.shown ?? (k.keys[0].length > 1 ? k.keys[0] : k.keys[0].toUpperCase())).split(/ (?!\+|arrows)/).map((s) => make("kbd", {}, s))),
        make("dd", {}, k.text)]))))),
    make("label", { class: "check" }, on, " Single-key shortcuts"),
    make("p", { class: "quiet" }, "Wheel or pinch zooms; drag with the middle or right button, or with Space held, pans. Tab, Space, Enter and arrows work on the picture while it has the focus; Esc, then Tab, leaves it. Labels are kept in this browser at every step and sent to the server by themselves."));
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  return dialog;
}
