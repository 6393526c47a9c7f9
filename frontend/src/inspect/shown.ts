// Which of the pictures the strip shows, and walking among those.
import * as album from "./album";
import type { Picture } from "./album";
import { $, say } from "../dom";
import { changed, set, settings, type Filter } from "../settings";
import { Signal } from "../signal";

const names: Record<Filter, string> = { all: "All", defect: "Defective", good: "No defect", open: "Not judged", failed: "Failed" };

/** Other pictures are shown, or in another order. */
export const news = new Signal();

function is(p: Picture, what: Filter): boolean {
  switch (what) {
    case "all": return true;
    case "failed": return p.state === "failed";
    case "open": return p.state !== "failed" && p.state !== "scored";
    default: return p.state === "scored" && album.isDefect(p) === (what === "defect");
  }
}

export const list = (): Picture[] => album.all().filter((p) => is(p, settings.filter));

export const count = (what: Filter): number => album.all().filter((p) => is(p, what)).length;

/** Moves the selection along the list. */
export function step(by: number): void {
  const ids = list().map((p) => p.id), at = ids.indexOf(album.current()?.id ?? 0);
  if (ids.length) album.select(ids[Math.min(Math.max(at + by, 0), ids.length - 1)]);
}

export function selectEnd(which: "first" | "last"): void {
  const p = list().at(which === "first" ? 0 : -1);
  if (p) album.select(p.id);
}

/** Removes a picture; where it was selected, its neighbour among those shown is. */
export function remove(id: number): void {
  const ids = list().map((p) => p.id), at = ids.indexOf(id);
  const next = ids[at + 1] ?? ids[at - 1];
  if (id === album.current()?.id && next) album.select(next);
  album.remove(id);
}

let before = "", soon = 0;
/** A little later: results come in bursts. */
function look(): void {
  soon ||= window.setTimeout(() => {
    soon = 0;
    const choice = $<HTMLSelectElement>("filter");
    for (const option of choice.options) say(option, `${names[option.value as Filter]} (${count(option.value as Filter)})`);
    const now = list().map((p) => p.id).join();
    if (now === before) return;
    before = now;
    news.emit();
  }, 100);
}

export function begin(): void {
  const choice = $<HTMLSelectElement>("filter");
  choice.replaceChildren(...(Object.keys(names) as Filter[]).map((f) => new Option(names[f], f)));
  choice.addEventListener("change", () => set("filter", choice.value as Filter));
  album.listed.on(() => {
    if (!album.all().length) set("filter", "all"); // what comes next is seen
    look();
  });
  album.updated.on(look);
  changed.on((name) => {
    if (name === "filter") {
      choice.value = settings.filter;
      if (!list().some((p) => p.id === album.current()?.id)) selectEnd("first");
    }
    if (name === "filter" || name === "threshold") look();
  });
}
