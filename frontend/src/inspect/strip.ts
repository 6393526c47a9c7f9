// The strip of thumbnails: every picture with its heat map, score and verdict.
import * as album from "./album";
import type { Picture } from "./album";
import { confirm } from "../dialog";
import { $, icon, make, plural, say, swapIcon } from "../dom";
import { overlay } from "../go/overlay";
import { changed, set, settings, type Order } from "../settings";
import * as shown from "./shown";
import { compareWith } from "./stage";

interface Item { li: HTMLLIElement; button: HTMLButtonElement; canvas: HTMLCanvasElement; mark: SVGElement; score: HTMLElement; drawn: number }

const items = new Map<number, Item>();
const list = $<HTMLUListElement>("thumbs");
const scratch = document.createElement("canvas");

function item(p: Picture): Item {
  let it = items.get(p.id);
  if (it) return it;
  const canvas = make("canvas", { width: 1, height: 1 });
  const mark = icon("good"), score = make("b");
  const button = make("button", { class: "thumb", onclick: (event) => {
    if ((event as MouseEvent).shiftKey) compareWith(p);
    else album.select(p.id);
  } }, make("span", { class: "frame" }, canvas), make("span", { class: "name", title: p.name }, p.name.split("/").slice(-2).join("/")),
  make("span", { class: "result" }, mark, score));
  if (p.synthetic) button.append(make("span", { class: "tag" }, "synthetic"));
  const away = make("button", { class: "away", title: "Remove (Delete)", "aria-label": `Remove ${p.name}`, tabindex: -1,
    onclick: () => shown.remove(p.id) }, icon("close"));
  it = { li: make("li", {}, button, away), button, canvas, mark, score, drawn: -1 };
  items.set(p.id, it);
  return it;
}

/** Draws a thumbnail with its heat map, as the detector's own threshold colours it. */
function paint(it: Item, p: Picture): void {
  if (it.drawn === p.version || !p.thumb) return;
  it.drawn = p.version;
  const { w, h, rgba } = p.thumb;
  [it.canvas.width, it.canvas.height] = [w, h];
  const pen = it.canvas.getContext("2d")!;
  pen.putImageData(new ImageData(rgba, w, h), 0, 0);
  const heat = p.scores && overlay()?.thumb(p.rows, p.cols, p.block, p.scores, p.width, p.height, Math.max(w, h), 1);
  if (!heat) return;
  [scratch.width, scratch.height] = [heat.w, heat.h];
  scratch.getContext("2d")!.putImageData(new ImageData(heat.rgba, heat.w, heat.h), 0, 0);
  pen.globalAlpha = 0.7;
  pen.drawImage(scratch, 0, 0, w, h);
}

/** Thumbnails to be painted. A burst of results must not hold up a frame. */
const stale = new Set<number>();
let painting = 0;

function paintSoon(p: Picture): void {
  stale.add(p.id);
  painting ||= requestAnimationFrame(paintSome);
}

function paintSome(): void {
  painting = 0;
  const start = performance.now();
  for (const id of stale) {
    stale.delete(id);
    const it = items.get(id), p = album.find(id);
    if (it && p) paint(it, p);
    if (performance.now() - start > 4) break;
  }
  if (stale.size) painting = requestAnimationFrame(paintSome);
}

const states = { waiting: "waiting", preparing: "reading", scoring: "scoring", failed: "error" };

function refresh(p: Picture): void {
  const it = items.get(p.id);
  if (!it) return;
  if (it.drawn !== p.version) paintSoon(p);
  const scored = p.state === "scored", defect = scored && album.isDefect(p);
  it.button.dataset.state = scored ? (defect ? "defect" : "good") : p.state;
  it.button.toggleAttribute("data-strange", scored && p.unlike >= 1);
  swapIcon(it.mark, defect ? "bad" : p.state === "failed" ? "fault" : "good");
  say(it.score, scored ? p.score.toFixed(2) : states[p.state as keyof typeof states]);
  const verdict = scored ? `${defect ? "defect" : "no defect"}, score ${p.score.toFixed(2)}${p.unlike >= 1 ? ", not like what the detector learnt" : ""}`
    : p.state === "failed" ? "error: " + p.reason : states[p.state as keyof typeof states];
  it.button.setAttribute("aria-label", `${p.name}, ${verdict}${p.synthetic ? ", synthetic" : ""}`);
}

/** Brings the list's elements into order, moving as few as possible. */
function arrange(): void {
  const pictures = shown.list();
  const keep = new Set(pictures.map((p) => p.id));
  for (const [id, it] of items) {
    if (keep.has(id)) continue;
    it.li.remove();
    items.delete(id);
  }
  // Whoever sees the selected picture goes with it; whoever has scrolled away is left in peace.
  const follow = items.get(album.current()?.id ?? 0);
  const seen = follow?.li.isConnected && sight(follow.li).every((d) => Math.abs(d) < 8);
  let at = list.firstElementChild;
  for (const p of pictures) {
    const { li } = item(p);
    if (li === at) at = at.nextElementSibling;
    else list.insertBefore(li, at);
    refresh(p);
  }
  if (follow && seen) list.scrollBy(...sight(follow.li));
  mark();
  count();
}

/** Marks the selected and the pinned picture. */
function mark(): void {
  const now = album.current()?.id, second = settings.compare === "two" ? album.pinned()?.id : undefined;
  for (const [id, it] of items) {
    if (id === now) it.button.setAttribute("aria-current", "true");
    else it.button.removeAttribute("aria-current");
    it.button.classList.toggle("pinned", id === second);
  }
}

function reveal(): void {
  const it = items.get(album.current()?.id ?? 0);
  if (it) list.scrollBy(...sight(it.li));
  // Keyboard users who step through the strip keep their place in it.
  if (it && list.contains(document.activeElement)) it.button.focus({ preventScroll: true });
}

/** How far the strip must scroll for an item to be seen. scrollIntoView would move a phone's whole page. */
function sight(li: HTMLElement): [x: number, y: number] {
  const box = list.getBoundingClientRect(), at = li.getBoundingClientRect();
  const past = (low: number, high: number, from: number, to: number) => Math.min(low - from, 0) || Math.max(high - to, 0);
  return [past(at.left, at.right, box.left, box.right), past(at.top, at.bottom, box.top, box.bottom)];
}

function count(): void {
  const pictures = album.all();
  const defects = pictures.filter((p) => p.state === "scored" && album.isDefect(p)).length;
  const failed = pictures.filter((p) => p.state === "failed").length;
  let text = "No pictures";
  if (pictures.length) {
    text = defects ? `${defects} of ${pictures.length} defective` : plural(pictures.length, "picture");
    if (failed) text += `, ${plural(failed, "error")}`;
  }
  say($("count"), text);
  $("clear").hidden = pictures.length < 2;
  $("strip").classList.toggle("empty", !pictures.length);
}

export function begin(): void {
  const order = $<HTMLSelectElement>("order");
  order.value = settings.order;
  order.addEventListener("change", () => set("order", order.value as Order));
  $("clear").addEventListener("click", () => {
    const list = shown.list(), all = list.length === album.all().length;
    void confirm(`Remove ${all ? plural(list.length, "picture") : `the ${plural(list.length, "picture")} shown`}?`,
      "They go from this page and from what this browser keeps; your files stay where they are.", "Remove").then((yes) => {
      if (yes && all) album.removeAll();
      else if (yes) for (const p of list) album.remove(p.id);
    });
  });
  for (const signal of [album.listed, shown.news]) signal.on(arrange);
  album.updated.on((p) => { refresh(p); count(); });
  album.selected.on(() => { mark(); reveal(); });
  let soon = 0;
  changed.on((name) => {
    if (name === "order") order.value = settings.order;
    if (name === "compare") mark();
    if (name === "threshold") soon ||= window.setTimeout(() => { soon = 0; for (const p of album.all()) refresh(p); count(); }, 100);
  });
  arrange();
}
