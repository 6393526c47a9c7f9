// Short notes at the foot of the view: what an action did. They go by themselves; what must not be missed is a banner.
import { $, say } from "./dom";

let timer = 0;

export function note(text: string): void {
  say($("note"), text);
  clearTimeout(timer);
  timer = window.setTimeout(() => say($("note"), ""), 8000);
}
