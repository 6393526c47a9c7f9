// The middle of the page: one or two panes, how they are moved, and what the view's tools do.
import * as album from "./album";
import type { Picture } from "./album";
import { $, say } from "../dom";
import { Pane } from "./pane";
import { changed, settings, set, type Compare } from "../settings";
import { View } from "../view";
import { listen } from "./pointers";

const view = new View();
const panes = [new Pane(0, view), new Pane(1, view)];
const holder = $("panes");

/** What has to be drawn at the next frame. */
const dirty = { layout: true, heat: true, lines: true };
let asked = 0;

function draw(...what: (keyof typeof dirty)[]): void {
  for (const w of what) dirty[w] = true;
  asked ||= requestAnimationFrame(frame);
}

function frame(): void {
  asked = 0;
  const start = performance.now();
  const visible = settings.compare === "off" ? panes.slice(0, 1) : panes;
  for (const pane of visible) {
    if (dirty.layout) pane.layOut();
    if (dirty.heat) pane.drawHeat();
    if (dirty.heat || dirty.lines || dirty.layout) pane.drawLines();
  }
  if (dirty.layout) sayZoom();
  // How long a frame's own work takes: read by the bench.
  if (dirty.heat) measure(start);
  dirty.layout = dirty.heat = dirty.lines = false;
}

let measured = 0;
function measure(start: number): void {
  if (++measured % 1000 === 0) performance.clearMeasures("frame"); // a page may stay open for weeks
  performance.measure("frame", { start, end: performance.now() });
}

function sayZoom(): void {
  const pane = panes[0], size = pane.size;
  $<HTMLButtonElement>("zoom").disabled = !size;
  say($("zoom"), size ? `${Math.round(view.place(pane.box, size).scale * devicePixelRatio * 100)} %` : "–");
}

/** Puts the pictures into the panes. */
function arrange(): void {
  const p = album.current();
  const two = settings.compare !== "off" && !!p;
  holder.classList.toggle("two", two);
  panes[1].root.hidden = !two;
  panes[0].warm = settings.compare !== "plain";
  panes[0].show(p);
  panes[1].show(two ? (settings.compare === "plain" ? p : album.pinned()) : undefined);
  captions();
  $("tools").hidden = !p;
  $("welcome").hidden = !!p;
  holder.hidden = !p;
  say($("title"), p ? p.name : "");
  $("title").title = p?.name ?? "";
  draw("layout", "heat", "lines");
}

function captions(): void {
  caption(panes[0], settings.compare === "plain" ? "picture" : "");
  caption(panes[1], settings.compare === "plain" ? "heat map" : "");
}

function caption(pane: Pane, what: string): void {
  const p = pane.picture;
  if (!p) {
    pane.describe("No picture", "", settings.compare === "two" ? "Shift-click a thumbnail, or press P on a picture, to see it here." : "");
    return;
  }
  const name = settings.compare === "two" ? p.name : what;
  const result = p.state === "scored" ? `${album.isDefect(p) ? "defect" : "no defect"}, score ${p.score.toFixed(2)}` : p.state;
  pane.describe([p.name, what, result].filter(Boolean).join(", "), name && settings.compare === "two" ? `${name} · ${result}` : name,
    p.state === "failed" ? p.reason : "");
}

export function zoomBy(factor: number): void {
  const pane = panes[0], size = pane.size;
  if (size) view.zoomAt(factor, pane.box.width / 2, pane.box.height / 2, pane.box, size);
}

export function fit(): void { view.fit(); }

export function actual(): void {
  const pane = panes[0], size = pane.size;
  if (size) view.actual(pane.box, size);
}

/** Pans by parts of the pane. */
export function panBy(dx: number, dy: number): void {
  const pane = panes[0], size = pane.size;
  if (size) view.pan(dx * pane.box.width, dy * pane.box.height, pane.box, size);
}

const compares: Compare[] = ["off", "plain", "two"];

export function nextCompare(): void {
  set("compare", compares[(compares.indexOf(settings.compare) + 1) % compares.length]);
}

/** Compares the selected picture with another. */
export function compareWith(p: Picture): void {
  album.pin(p.id);
  set("compare", album.pinned() ? "two" : "off");
}

function buttons(): void {
  const press = (id: string, f: () => void) => $(id).addEventListener("click", f);
  press("zoom-in", () => zoomBy(1.5));
  press("zoom-out", () => zoomBy(1 / 1.5));
  press("zoom-fit", fit);
  press("zoom", actual);
  press("show-heat", () => set("heat", !settings.heat));
  press("show-lines", () => set("lines", !settings.lines));
  const choice = $<HTMLSelectElement>("compare");
  choice.addEventListener("change", () => set("compare", choice.value as Compare));
}

function toggles(): void {
  $("show-heat").setAttribute("aria-pressed", String(settings.heat));
  $("show-lines").setAttribute("aria-pressed", String(settings.lines));
  $<HTMLSelectElement>("compare").value = settings.compare;
}

export function begin(): void {
  for (const pane of panes) {
    holder.append(pane.root);
    pane.sized.on(() => draw("layout"));
    listen(pane, view);
  }
  buttons();
  toggles();
  view.moved.on(() => draw("layout"));
  new ResizeObserver(() => draw("layout")).observe(holder);
  album.selected.on(() => { view.fit(); arrange(); });
  album.updated.on((p) => { if (panes.some((pane) => pane.picture?.id === p.id)) arrange(); });
  changed.on((name) => {
    switch (name) {
      case "threshold": draw("heat"); captions(); break;
      case "opacity": for (const pane of panes) pane.heat.style.opacity = String(settings.opacity); break;
      case "heat": case "lines": toggles(); draw("heat"); break;
      case "compare": toggles(); arrange(); break;
    }
  });
  arrange();
}
