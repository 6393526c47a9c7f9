// A server without a detector: what to do, and the button that does it. While one is being made, its progress says enough.
import { $ } from "../dom";
import * as engine from "../go/engine";
import { create } from "../project/projects";
import * as detector from "./detector";

let connected = false;
const works = new Set<string>();

function show(): void { $("no-detector").hidden = !connected || detector.all().length > 0 || works.size > 0; }

export function begin(): void {
  $("make-project").addEventListener("click", () => void create());
  detector.news.on(show);
  engine.links.on((l) => {
    connected = l.state === "open";
    if (!connected) works.clear();
    show();
  });
  engine.progress.on((p) => {
    if (p.ended) works.delete(p.what);
    else works.add(p.what);
    show();
  });
}
