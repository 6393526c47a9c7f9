// What Go's instances offer to TypeScript: the functions of the one on the page (wasm/overlay_js.go, desk_js.go) and the
// messages of the one in the Worker (wasm/inspect_js.go, notice_js.go). A test of package wasm holds names and fields to
// what Go really gives; the numbers are in words.ts.
import type { LinkState, PictureStage, PictureState } from "./words";

declare global {
  /** Set before an instance starts: what it is for. */
  var semirestRole: "inspect" | "overlay";
  /** Called by the page's instance when semirest is there. */
  var semirestReady: () => void;
  var semirest: Semirest | undefined;
}

export interface Result {
  id: number; name: string; state: PictureState; score: number; threshold: number; detector: string; model: string; width: number; height: number;
  hotX: number; hotY: number; total: number; lossy: boolean; unlike: number; reason: string;
}

/** The functions of the page's own instance; undefined is answered where Go failed inside. */
export interface Semirest {
  set(pane: number, rows: number, cols: number, block: number, scores: Float32Array, width: number, height: number): [number, number] | undefined;
  paint(pane: number, threshold: number, rgba: Uint8ClampedArray): void;
  contours(pane: number, threshold: number): Float32Array | undefined;
  at(pane: number, x: number, y: number): number | undefined;
  thumb(rows: number, cols: number, block: number, scores: Float32Array, width: number, height: number, side: number,
    threshold: number): { w: number; h: number; rgba: Uint8ClampedArray<ArrayBuffer> } | undefined;
  scale(): Uint8ClampedArray<ArrayBuffer>;
  put(result: Result): void;
  remove(id: number): void;
  order(by: number): number[];
  csv(by: number): Uint8Array<ArrayBuffer> | undefined;
  /** Everything that is asked of a labelling desk, by the numbers of Ask. */
  label(what: number, desk: number, ...args: unknown[]): unknown;
}

/** What a detector is; see shared/wire Detector. */
export interface Detector {
  name: string; model: string; w: number; h: number; tile: number; overlap: number; block: number; kind: number;
  falseAlarms: number; created: number; preset: string; supervision: string; note: string;
}

export interface StageTime { stage: PictureStage; ms: number }

/** What the Worker knows of one picture; sizes and positions in upright pixels, scores with 1 as the threshold. */
export interface Report {
  id: number; state: PictureState; reason: string; detector: string; model: string; lossy: boolean;
  width: number; height: number; answered: number; crops: number; score: number; unlike: number; hotX: number; hotY: number;
  times: StageTime[]; total: number; rows: number; cols: number; block: number; scores?: Float32Array;
}

export interface Link {
  state: LinkState; ever: boolean; retry: number; reason: string;
  unanswered: number; unfinished: number; busy: boolean;
}

export interface Progress { what: string; ended: boolean; done: number; total: number; left: number }

export interface Thumb { id: number; w: number; h: number; rgba: Uint8ClampedArray<ArrayBuffer> }

/** How a training job comes on; see shared/wire Training. NaN where there is no number. */
export interface Training {
  job: string; phase: number; step: number; total: number; loss: number; left: number; ap: number;
  sample: string; rows: number; cols: number; scores?: Float32Array;
}

/** Somebody changed something of the project that is watched. */
export interface Changed { subject: number; revision: number; project: string; picture: string; author: string }

/** A training job's state; job is the number by which Training names it too. */
export interface Job { job: string; kind: number; state: number; ahead: number; project: string; model: string; text: string }

export type FromWorker =
  | { type: "ready" } | { type: "exit" } | { type: "fault"; text: string }
  | ({ type: "link" } & Link) | { type: "detectors"; list: Detector[]; open: string }
  | ({ type: "training" } & Training) | ({ type: "job" } & Job) | ({ type: "changed" } & Changed) | { type: "refused"; text: string }
  | ({ type: "progress" } & Progress) | ({ type: "picture" } & Report) | ({ type: "thumb" } & Thumb);

export type ToWorker =
  | { type: "start"; url: string }
  | { type: "add"; id: number; file: Blob; only: string } | { type: "remove" | "first" | "retry"; id: number }
  | { type: "choose"; name: string } | { type: "lossy" | "halt"; on: boolean } | { type: "redial" }
  | { type: "watch"; project: string };
