// The two Go instances: one in a Worker (decodes, cuts, streams), one on the page (colours, sorts). Both run the same
// WebAssembly module, compiled once. wasm/inspect_js.go is the other end of these messages.
import "wasm_exec";
import { Signal } from "../signal";
import type { Changed, Detector, FromWorker, Job, Link, Progress, Report, Thumb, ToWorker, Training } from "./wasm_js";

export type { Changed, Detector, Job, Link, Progress, Report, Thumb, ToWorker, Training } from "./wasm_js";

export const reports = new Signal<Report>();
export const thumbs = new Signal<Thumb>();
export const links = new Signal<Link>();
export const detectors = new Signal<{ list: Detector[]; open: string }>();
export const progress = new Signal<Progress>();
export const training = new Signal<Training>();
export const jobs = new Signal<Job>();
export const changes = new Signal<Changed>();
/** Why the project cannot be watched, for people. */
export const refusals = new Signal<string>();
/** Something inside the Worker failed; what it says is for people. */
export const faults = new Signal<string>();
/** A new Worker stands where one has died: it knows no picture. */
export const restarted = new Signal();

let worker: Worker | undefined;
let ready = false;
let waiting: ToWorker[] = [];
let deaths: number[] = [];
let watched = "";
let module: WebAssembly.Module;

/** Sends a message to the Worker, now or as soon as it is ready. */
export function tell(message: ToWorker): void {
  if (ready) worker!.postMessage(message);
  else waiting.push(message);
}

/** Asks for the notices of a project ("" for none) in place of another's. */
export function watch(project: string): void {
  watched = project;
  tell({ type: "watch", project });
}

/** Starts both instances; resolves when both are ready for pictures. */
export async function start(): Promise<void> {
  const url = document.querySelector<HTMLLinkElement>("#wasm")!.href;
  // The Worker's script loads while the module compiles.
  const first = spawn();
  module = await WebAssembly.compileStreaming(fetch(url));
  const workerReady = first.load();
  await Promise.all([workerReady, page()]);
  performance.mark("ready");
}

/** The page's own instance; its functions become the global semirest, see overlay.ts. */
async function page(): Promise<void> {
  const go = new Go();
  globalThis.semirestRole = "overlay";
  await new Promise<void>((resolve, reject) => {
    globalThis.semirestReady = resolve;
    WebAssembly.instantiate(module, go.importObject).then((instance) => go.run(instance)).then(
      () => faults.emit("The page's drawing stopped. Reload the page."), reject);
  });
}

function spawn(): { load: () => Promise<void> } {
  const it = new Worker(document.querySelector<HTMLMetaElement>('meta[name="worker"]')!.content);
  worker = it;
  ready = false;
  let isReady: () => void;
  const whenReady = new Promise<void>((resolve) => { isReady = resolve; });
  it.addEventListener("message", (event: MessageEvent<FromWorker>) => {
    if (worker !== it) return; // of one that was given up
    const m = event.data;
    switch (m.type) {
      case "ready":
        ready = true;
        it.postMessage({ type: "start", url: streamURL() });
        for (const message of waiting) it.postMessage(message);
        waiting = [];
        isReady();
        break;
      case "picture": reports.emit(m); break;
      case "thumb": thumbs.emit(m); break;
      case "link": links.emit(m); break;
      case "detectors": detectors.emit(m); break;
      case "progress": progress.emit(m); break;
      case "training": training.emit(m); break;
      case "job": jobs.emit(m); break;
      case "changed": changes.emit(m); break;
      case "refused": refusals.emit(m.text); break;
      case "fault": faults.emit(`Something inside the page failed (${m.text}). It goes on.`); break;
      case "exit": died(it); break;
    }
  });
  it.addEventListener("error", (event) => { event.preventDefault(); died(it); });
  return { load: () => { it.postMessage({ type: "load", module }); return whenReady; } };
}

function streamURL(): string {
  return new URL("/api/v1/stream", location.href.replace(/^http/, "ws")).href;
}

/** Puts a new Worker in the place of one that ended, unless they keep dying. */
function died(it: Worker): void {
  if (worker !== it) return;
  it.terminate();
  const now = performance.now();
  deaths = [...deaths.filter((t) => now - t < 60_000), now];
  if (deaths.length > 3) {
    ready = false;
    links.emit({ state: "refused", ever: true, retry: 0, unanswered: 0, unfinished: 0, busy: false,
      reason: "The part of the page that reads pictures keeps failing. Reload the page." });
    return;
  }
  waiting = [];
  const next = spawn();
  if (watched) tell({ type: "watch", project: watched });
  restarted.emit();
  void next.load();
}
