// Short notes at the foot of the view: what an action did. They go by themselves; what must not be missed is a banner.
import { $, say } from "./dom";
import { inspecting } from "./router";

let timer = 0;

export function note(text: string): void {
  const at = $(inspecting() ? "note" : "toast");
  for (const other of [$("note"), $("toast")]) if (other !== at) say(other, "");
  say(at, text);
  clearTimeout(timer);
  timer = window.setTimeout(() => say(at, ""), 8000);
}
