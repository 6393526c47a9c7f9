// Many pictures at once: how far their scoring is, how long it will take, and stopping it.
import * as album from "./album";
import { $, say } from "../dom";
import { left } from "../format";
import * as engine from "../go/engine";
import { Pace } from "./pace";
import { Signal } from "../signal";

/** Fewer pictures than this at a time are seen to be done. */
const least = 4;

/** The pictures of this batch: those that had no result when it began, or came while it ran. */
const members = new Map<number, boolean>(); // true: it has its result
const pace = new Pace();
let halted = false;

/** Scoring was stopped, or goes on. */
export const news = new Signal();
export const stopped = (): boolean => halted;

function halt(on: boolean): void {
  if (halted === on) return;
  halted = on;
  pace.restart();
  engine.tell({ type: "halt", on });
  news.emit();
}

const over = (p: album.Picture): boolean => p.state === "scored" || p.state === "failed";

function look(): void {
  for (const id of members.keys()) if (!album.find(id)) members.delete(id);
  for (const p of album.all()) if (!members.has(p.id) && !over(p)) members.set(p.id, false);
  show();
}

function show(): void {
  const total = members.size, done = [...members.values()].filter(Boolean).length;
  if (done === total) { // all done, or none left: the next ones begin anew
    members.clear();
    pace.restart();
    halt(false);
  }
  const box = $("batch");
  box.hidden = total < least || done === total;
  if (box.hidden) return;
  const time = halted ? "stopped" : left(pace.left(total - done, performance.now()));
  say(box.querySelector("span")!, [`${done} of ${total}`, time].filter(Boolean).join(", "));
  box.querySelector("progress")!.value = done / total;
  const button = $("batch-stop");
  say(button, halted ? "Go on" : "Stop");
  button.title = halted ? "Score the pictures that wait" : "Score no more pictures for now; they stay here";
}

let soon = 0;
const showSoon = () => { soon ||= window.setTimeout(() => { soon = 0; show(); }, 100); };

export function begin(): void {
  $("batch-stop").addEventListener("click", () => { halt(!halted); show(); });
  album.listed.on(look);
  album.updated.on((p) => {
    const now = over(p);
    if (members.get(p.id) === now || (now && !members.has(p.id))) return;
    members.set(p.id, now);
    if (now) pace.done(performance.now());
    showSoon();
  });
  engine.links.on((l) => { if (l.state !== "open") pace.restart(); });
  engine.restarted.on(() => { if (halted) engine.tell({ type: "halt", on: true }); });
}
