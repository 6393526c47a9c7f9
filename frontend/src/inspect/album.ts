// The pictures of the page: what was added, what is known of each, which one is looked at. The Worker scores them, the
// page's Go instance sorts them.
import * as engine from "../go/engine";
import { nowReady } from "../go/overlay";
import { changed } from "../settings";
import { note } from "../note";
import { signedOut } from "../shell";
import * as board from "./board";
import { look, thresholdOf } from "./detector";
import * as kept from "./kept";
import { Signal } from "../signal";

/** A picture with what the Worker reported of it. */
export interface Picture extends engine.Report {
  name: string;
  file: Blob;
  only: string; // the detector it is meant for, "" for any
  synthetic: boolean;
  thumb?: engine.Thumb;
  version: number; // grows with every report
}

export interface Added { name: string; file: Blob; only?: string; synthetic?: boolean; kept?: string } // kept: its key in the browser's storage

const pictures = new Map<number, Picture>();
let order: number[] = [];
let last = 0;
let selectedID = 0;
let pinnedID = 0;

/** The list or its order changed. */
export const listed = new Signal();
/** One picture has news. */
export const updated = new Signal<Picture>();
/** Another picture is selected or pinned. */
export const selected = new Signal();

export const all = (): Picture[] => order.map((id) => pictures.get(id)!).filter(Boolean);
export const find = (id: number): Picture | undefined => pictures.get(id);
export const current = (): Picture | undefined => pictures.get(selectedID);
export const pinned = (): Picture | undefined => pictures.get(pinnedID);
export const isDefect = (p: Picture): boolean => p.score >= thresholdOf(p.detector);

const blank = { state: "waiting" as const, reason: "", detector: "", model: "", lossy: false, width: 0, height: 0, answered: 0,
  crops: 0, score: 0, unlike: 0, hotX: 0, hotY: 0, times: [], total: 0, rows: 0, cols: 0, block: 0 };

/** Adds pictures and selects the first of them where nothing was selected, or where look says so. */
export function add(list: Added[], look: boolean): void {
  let first = 0;
  for (const { name, file, only = "", synthetic = false, kept: key } of list) {
    const id = ++last;
    first ||= id;
    const p: Picture = { ...blank, id, name, file, only, synthetic, version: 0 };
    pictures.set(id, p);
    order.push(id);
    board.put(p);
    if (!synthetic) kept.keep(id, name, file, key);
    engine.tell({ type: "add", id, file, only });
  }
  if (!first) return;
  if (look || !current()) {
    selectedID = first;
    engine.tell({ type: "first", id: first });
  }
  sortSoon();
  listed.emit();
  selected.emit();
}

export function select(id: number): void {
  const p = pictures.get(id);
  if (!p || id === selectedID) return;
  selectedID = id;
  if (p.state === "waiting") engine.tell({ type: "first", id });
  selected.emit();
}

/** Marks a picture as the second one of a comparison; the same again takes the mark off. */
export function pin(id: number): void {
  pinnedID = pinnedID === id ? 0 : id;
  selected.emit();
}

export function remove(id: number): void {
  const at = order.indexOf(id);
  if (at < 0) return;
  order.splice(at, 1);
  forget(id);
  if (selectedID === id) selectedID = order[Math.min(at, order.length - 1)] ?? 0;
  listed.emit();
  selected.emit();
}

export function removeAll(): void {
  const all = order;
  order = [];
  selectedID = 0;
  for (const id of all) forget(id);
  listed.emit();
  selected.emit();
}

function forget(id: number): void {
  pictures.delete(id);
  kept.drop(id);
  engine.tell({ type: "remove", id });
  board.drop(id);
  if (pinnedID === id) pinnedID = 0;
}

export function retry(id: number): void { engine.tell({ type: "retry", id }); }

let sorting = 0;
/** Sorts a little later: results come in bursts, and a list that jumps at each is hard to use. */
function sortSoon(): void {
  sorting ||= window.setTimeout(sort, 120);
}

function sort(): void {
  sorting = 0;
  const next = board.order();
  if (!next || next.every((id, i) => id === order[i])) return;
  order = next;
  listed.emit();
}

/** The CSV file of all results, as the list is ordered. */
export const csv = (): Uint8Array<ArrayBuffer> | undefined => board.csv(pictures.values());

engine.reports.on((report) => {
  const p = pictures.get(report.id);
  if (!p) return;
  if (report.state === "waiting") delete p.scores;
  Object.assign(p, report);
  p.version++;
  board.put(p);
  sortSoon();
  updated.emit(p);
});

engine.thumbs.on((thumb) => {
  const p = pictures.get(thumb.id);
  if (!p) return;
  p.thumb = thumb;
  p.version++;
  updated.emit(p);
});

// A new Worker knows no picture. The one that the old Worker died of must not kill the new one.
engine.restarted.on(() => {
  for (const p of pictures.values()) {
    if (p.state === "preparing") {
      Object.assign(p, { state: "failed", reason: "The browser could not prepare this picture; it may be too large for its memory." });
      p.version++;
      board.put(p);
      updated.emit(p);
    } else {
      engine.tell({ type: "add", id: p.id, file: p.file, only: p.only });
    }
  }
});

/** Pictures that were added before the instance was ready are listed now. */
export function begin(): void {
  nowReady();
  for (const p of pictures.values()) board.put(p);
  sort();
  void kept.begin().then((before) => {
    add(before, false);
    if (before.length) note(`Your ${before.length === 1 ? "picture is" : `${before.length} pictures are`} here again.`);
  });
}

changed.on((name) => { if (name === "order") sort(); });
// The threshold that is set is the one for what is looked at.
const lookAt = () => { const p = current(); look(p?.state === "scored" ? p.detector : ""); };
selected.on(lookAt);
// What one person brought is not the next one's.
signedOut.on(removeAll);
updated.on((p) => { if (p.id === selectedID) lookAt(); });
