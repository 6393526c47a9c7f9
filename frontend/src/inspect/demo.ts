// The demo pictures that the server offers: synthetic, and labelled so.
import type { Answers } from "../api";
import * as album from "./album";
import { $, make } from "../dom";
import * as engine from "../go/engine";
import { note } from "../note";
import { inUse, suggest } from "./detector";

/** A picture as /api/v1/demo/pictures lists it. */
type Sample = Answers["listDemoPictures"]["pictures"][number];

let samples: Sample[] = [];
let surface = "";

const title = (name: string) => name.replaceAll("-", " ").replace(/^./, (c) => c.toUpperCase());

function show(): void {
  const surfaces = [...new Set(samples.map((s) => s.detector))];
  if (!surfaces.includes(surface)) surface = surfaces.includes(inUse()) ? inUse() : surfaces[0] ?? "";
  $("demo").hidden = !samples.length;
  $("add-demo").hidden = !samples.length;
  $("demo-tabs").replaceChildren(...surfaces.map((name) => make("button", {
    "aria-pressed": String(name === surface), onclick: () => { surface = name; show(); } }, title(name))));
  $("demo-list").replaceChildren(...samples.filter((s) => s.detector === surface).map((s) => make("li", {},
    make("button", { title: s.title, "aria-label": s.title, onclick: () => void open(s) },
      make("img", { src: s.thumbnail, alt: "", width: 96, height: 96, loading: "lazy" }), make("span", {}, s.kind)))));
}

async function open(s: Sample): Promise<void> {
  $<HTMLDialogElement>("demo-sheet").close();
  try {
    const answer = await fetch(s.image);
    if (!answer.ok) throw new Error(answer.statusText);
    const file = await answer.blob();
    // Whoever only looks around goes on with the demo's detector; nobody's own pictures are scored anew for a demo picture.
    if (album.all().every((p) => p.synthetic)) suggest(s.detector);
    album.add([{ name: s.name + ".png", file, only: s.detector, synthetic: true }], true);
  } catch {
    note("The demo picture cannot be loaded now. Is the server running?");
  }
}

let asking = false;
async function load(): Promise<void> {
  if (samples.length || asking) return;
  asking = true;
  try {
    const answer = await fetch("/api/v1/demo/pictures");
    if (answer.ok) samples = ((await answer.json()) as Answers["listDemoPictures"]).pictures;
  } catch { /* no server: asked again when there is a connection */ }
  asking = false;
  show();
}

/** The one gallery moves between the welcome and its own dialog. */
function sheet(): void {
  const dialog = $<HTMLDialogElement>("demo-sheet"), gallery = $("demo"), home = gallery.parentElement!;
  $("add-demo").addEventListener("click", () => {
    if (dialog.open || !samples.length) return;
    $("demo-again").append(gallery);
    dialog.showModal();
  });
  dialog.addEventListener("close", () => home.append(gallery));
}

export function begin(): void {
  sheet();
  engine.detectors.on(() => { if (samples.length) show(); });
  engine.links.on((l) => { if (l.state === "open") void load(); });
  void load();
}
