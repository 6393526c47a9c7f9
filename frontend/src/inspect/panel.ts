// The right side: verdict and score, the sliders, the time taken, the detector.
import * as album from "./album";
import type { Picture } from "./album";
import { $, make, say, swapIcon } from "../dom";
import * as batch from "./batch";
import * as detector from "./detector";
import * as engine from "../go/engine";
import type { PictureStage } from "../go/words";
import { strangeness, supervisions, type Supervision } from "../format";
import { whenReady } from "../go/overlay";
import { changed, set, settings } from "../settings";
import { titleOf } from "../titles";

const threshold = $<HTMLInputElement>("threshold"), opacity = $<HTMLInputElement>("opacity");

interface Verdict { state: string; icon: string; word: string }

function verdictOf(p: Picture | undefined): Verdict {
  if (!p) return { state: "none", icon: "good", word: "No picture yet" };
  switch (p.state) {
    case "failed": return { state: "failed", icon: "fault", word: "Not scored" };
    case "scored": return album.isDefect(p) ? { state: "defect", icon: "bad", word: "Defect" } : { state: "good", icon: "good", word: "No defect" };
    case "waiting": return { state: "waiting", icon: "good", word: "Waiting" };
    case "preparing": return { state: "busy", icon: "good", word: "Reading" };
    default: return { state: "busy", icon: "good", word: "Scoring" };
  }
}

function showVerdict(): void {
  const p = album.current(), v = verdictOf(p);
  const box = $("verdict");
  box.dataset.state = v.state;
  swapIcon(box.querySelector("svg")!, v.icon);
  say(box.querySelector(".word b")!, v.word);
  const scored = p && p.answered > 0;
  say($("score"), scored ? p.score.toFixed(2) : "–");
  // The gauge runs to twice the detector's threshold; beyond, it is full.
  $("gauge").style.setProperty("--score", String(scored ? Math.min(p.score / 2, 1) : 0));
  $("gauge").style.setProperty("--threshold", String(Math.min(settings.threshold / 2, 1)));
  const reason = $("reason");
  const strange = p?.state === "scored" ? strangeness(p.unlike, titleOf(p.detector)) : "";
  box.toggleAttribute("data-strange", !!strange);
  const slow = p?.state === "scored" && p.lossy && !settings.lossy ? "The line is slow: this picture was sent as JPEG, so its score may differ a little." : "";
  const why = p ? p.reason || [strange, slow].filter(Boolean).join(" ") || waitsFor(p) : "A score of 1.00 is the detector's threshold: from there on, a picture counts as defective.";
  reason.hidden = !why;
  say(reason, why);
  $("retry").hidden = p?.state !== "failed";
  const tiles = $("tiles");
  tiles.hidden = !p || p.crops < 2;
  if (p && p.crops > 1) {
    tiles.querySelector("progress")!.value = p.answered / p.crops;
    say(tiles.querySelector("span")!, `${p.answered} of ${p.crops} tiles`);
  }
  announce(p, v);
}

/** Why a picture waits, where that is not plain from the rest of the page. */
function waitsFor(p: Picture): string {
  if (p.state === "waiting" && batch.stopped()) return "Scoring was stopped. Press 'Go on' above the pictures.";
  if (p.state !== "waiting" || detector.all().some((d) => !p.only || d.name === p.only)) return "";
  return p.only ? `It is scored as soon as the detector ${titleOf(p.only)} is ready.` : "It is scored as soon as a detector is ready.";
}

let announced = "";
/** Tells a verdict to those who listen, once. */
function announce(p: Picture | undefined, v: Verdict): void {
  if (!p || (p.state !== "scored" && p.state !== "failed")) return;
  const text = p.state === "scored" ? `${p.name}: ${v.word}, score ${p.score.toFixed(2)}. ${strangeness(p.unlike, titleOf(p.detector))}`.trim() : `${p.name}: ${v.word}. ${p.reason}`;
  if (text === announced) return;
  announced = text;
  say($("live"), text);
}

const stageNames: Record<PictureStage, string> = {
  read: "Read file", decode: "Decode", resize: "Resize", thumbnail: "Thumbnail", encode: "Make it small", send: "Way there and back",
  unpack: "Server: unpack", queue: "Server: queue", score: "Server: score",
};

function showTimes(): void {
  const p = album.current();
  const times = p?.times ?? [];
  const sum = times.reduce((s, t) => s + t.ms, 0);
  say($("total"), p?.total ? ms(p.total) : "");
  $("times-bar").replaceChildren(...times.map((t) => {
    const part = make("i", { "data-stage": t.stage });
    part.style.flexGrow = String(t.ms / (sum || 1));
    return part;
  }));
  $("times").replaceChildren(...times.flatMap((t) => [
    make("dt", { "data-stage": t.stage }, stageNames[t.stage]), make("dd", {}, ms(t.ms))]));
  $("times-note").hidden = !p || p.crops < 2;
  $("fold-times").classList.toggle("idle", !times.length);
}

function ms(v: number): string { return v < 9.95 ? v.toFixed(1) + " ms" : v < 9950 ? Math.round(v) + " ms" : (v / 1000).toFixed(1) + " s"; }

/** What is known of the detector that scored the picture, or would. */
function showFacts(): void {
  const p = album.current();
  const d = detector.find(p?.state === "scored" ? p.detector : detector.inUse()) ?? detector.find(detector.inUse());
  say($("facts-name"), d ? titleOf(d.name) : "");
  const rows: [string, string][] = d ? [] : [["None is ready yet", ""]];
  if (d) {
    rows.push(["Name", titleOf(d.name)], ["Input", `${d.w} × ${d.h} px, blocks of ${d.block}`]);
    if (d.tile) rows.push(["Tiles", `from ${d.tile} px, overlap ${d.overlap}`]);
    rows.push(["Learnt from", supervisions[d.supervision as Supervision]?.from ?? d.supervision]);
    if (d.falseAlarms > 0) rows.push(["Threshold", `${percent(d.falseAlarms)} false alarms`]);
    if (d.created > 0) rows.push(["Made", new Date(d.created * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })]);
    if (d.note) rows.push(["Note", d.note]);
  }
  if (p?.width) rows.push(["Picture", `${p.width} × ${p.height} px${p.lossy ? ", sent as JPEG" : ""}`]);
  $("facts").replaceChildren(...rows.flatMap(([k, v]) => [make("dt", {}, k), make("dd", {}, v)]));
}

function percent(v: number): string { return (v * 100).toLocaleString(undefined, { maximumFractionDigits: 2 }) + " %"; }

function showSliders(): void {
  threshold.value = String(settings.threshold);
  opacity.value = String(Math.round(settings.opacity * 100));
  const text = settings.threshold.toFixed(2);
  say($("threshold-value"), text);
  threshold.setAttribute("aria-valuetext", `${text} times the detector's threshold`);
  say($("opacity-value"), `${Math.round(settings.opacity * 100)} %`);
  $<HTMLButtonElement>("threshold-reset").disabled = settings.threshold === 1;
  say($("scale-mid"), text);
  say($("scale-end"), (settings.threshold * 2).toFixed(2));
}

/** Moves the threshold by steps of the slider. */
export function nudgeThreshold(by: number): void {
  set("threshold", Math.min(Math.max(Math.round((settings.threshold + by) * 100) / 100, Number(threshold.min)), Number(threshold.max)));
}

export function nudgeOpacity(by: number): void {
  set("opacity", Math.min(Math.max(Math.round((settings.opacity + by) * 100) / 100, 0), 1));
}

function everything(): void { showVerdict(); showTimes(); showFacts(); }

export function begin(): void {
  // A phone's head is one row: there the choice of the detector stands with what is said of it.
  const narrow = matchMedia("(max-width: 760px)"), chooser = $("detector").parentElement!, home = chooser.nextElementSibling!;
  const place = () => { if (narrow.matches) $("fold-facts").querySelector("summary")!.after(chooser); else home.before(chooser); };
  narrow.addEventListener("change", place);
  place();
  threshold.addEventListener("input", () => set("threshold", Number(threshold.value)));
  opacity.addEventListener("input", () => set("opacity", Number(opacity.value) / 100));
  $("threshold-reset").addEventListener("click", () => set("threshold", 1));
  $("retry").addEventListener("click", () => { const p = album.current(); if (p) album.retry(p.id); });
  const lossy = $<HTMLInputElement>("lossy");
  lossy.checked = settings.lossy;
  if (settings.lossy) engine.tell({ type: "lossy", on: true });
  lossy.addEventListener("change", () => { set("lossy", lossy.checked); engine.tell({ type: "lossy", on: lossy.checked }); });
  engine.restarted.on(() => { if (settings.lossy) engine.tell({ type: "lossy", on: true }); });
  batch.news.on(showVerdict);
  detector.news.on(() => { showFacts(); showVerdict(); });
  album.selected.on(everything);
  album.updated.on((p) => { if (p.id === album.current()?.id) everything(); });
  changed.on((name) => {
    if (name === "threshold" || name === "opacity") showSliders();
    if (name === "threshold") showVerdict();
  });
  whenReady((go) => $<HTMLCanvasElement>("scale").getContext("2d")!.putImageData(new ImageData(go.scale(), 256, 1), 0, 0));
  showSliders();
  everything();
}
