// What the page says of its connection and of work that people wait for.
import { $, plural, say } from "./dom";
import * as engine from "./go/engine";
import { note } from "./note";

let link: engine.Link | undefined;
let until = 0; // when the next dial is due
let wasLost = false;

function show(): void {
  const dot = $("link"), banner = $("banner");
  const text = banner.querySelector("span")!, button = banner.querySelector("button")!;
  if (!link) return;
  const waits = link.unfinished ? ` ${plural(link.unfinished, "picture")} wait${link.unfinished === 1 ? "s" : ""}; nothing is lost.` : "";
  dot.dataset.state = link.busy && link.state === "open" ? "busy" : link.state;
  let line = "", action = "";
  switch (link.state) {
    case "open":
      say(dot.querySelector("span")!, link.busy ? "Server busy" : "Connected");
      if (wasLost) note("Connected again.");
      wasLost = false;
      break;
    case "dialing":
      say(dot.querySelector("span")!, "Connecting");
      if (wasLost) line = `Connecting again…${waits}`;
      break;
    case "lost": {
      say(dot.querySelector("span")!, "No connection");
      wasLost = true;
      const seconds = Math.max(Math.ceil((until - performance.now()) / 1000), 0);
      line = `${link.reason} Trying again in ${seconds} s.${waits}`;
      action = "Try now";
      break;
    }
    case "refused":
      say(dot.querySelector("span")!, "Stopped");
      line = link.reason;
      action = "Reload";
      break;
  }
  banner.hidden = !line;
  say(text, line);
  button.hidden = !action;
  say(button, action);
}

/** Fits and the like under way, by what they are called. */
const works = new Map<string, engine.Progress>();

function showWork(): void {
  const bar = $("fitting");
  // Of several, the one that is under way; the others wait for it.
  const list = [...works.values()];
  const work = list.find((w) => w.done > 0) ?? list[0];
  bar.hidden = !work;
  if (!work) return;
  say(bar.querySelector("span")!, work.what + (list.length > 1 ? `, ${list.length - 1} more to come` : ""));
  const progress = bar.querySelector("progress")!;
  if (work.total > 0) progress.value = work.done / work.total;
  else progress.removeAttribute("value");
  const part = work.total > 0 ? `${Math.floor(100 * work.done / work.total)} %` : "";
  const left = work.left >= 0 && !work.ended ? `about ${Math.max(Math.ceil(work.left), 1)} s left` : "";
  say(bar.querySelector("b")!, [part, left].filter(Boolean).join(", "));
}

export function begin(): void {
  engine.links.on((news) => {
    link = news;
    until = performance.now() + news.retry;
    show();
    if (news.state !== "open") { works.clear(); showWork(); } // the next connection tells anew
  });
  setInterval(() => { if (link?.state === "lost") show(); }, 500);
  $("banner").querySelector("button")!.addEventListener("click", () => {
    if (link?.state === "refused") location.reload();
    else engine.tell({ type: "redial" });
  });
  engine.progress.on((p) => {
    if (p.ended) works.delete(p.what);
    else works.set(p.what, p);
    showWork();
    if (p.ended && p.what.includes(" failed: ")) note(p.what);
  });
  engine.faults.on(note);
}
