// The heat map under the labels: the picture goes through the detector like any other.
import { strangeness } from "../format";
import * as engine from "../go/engine";
import { overlay, whenReady } from "../go/overlay";
import { Signal } from "../signal";
import { titleOf } from "../titles";

/** Pictures of this screen have numbers of their own, far from the album's. */
let last = 1 << 30;
/** The overlay of the Go instance that this screen uses; the panes of the inspection have 0 and 1. */
const pane = 8;

let offered: { list: engine.Detector[]; open: string } = { list: [], open: "" };
engine.detectors.on((d) => { offered = d; });

/** How the heat map stands. */
export interface Heat { state: "none" | "waiting" | "there" | "failed"; reason: string; detector: string }

export class HeatMap {
  readonly changed = new Signal();
  state: Heat = { state: "none", reason: "", detector: "" };
  report?: engine.Report & { scores: Float32Array };
  readonly canvas = document.createElement("canvas");
  private readonly id = ++last;
  private asked = false;
  private pixels?: ImageData;

  constructor(private readonly project: string, private readonly file: Blob, private readonly until: AbortSignal) {
    engine.reports.on((r) => { if (r.id === this.id) this.take(r); }, until);
    engine.detectors.on(() => this.ask(), until);
    engine.restarted.on(() => { this.asked = false; this.ask(); }, until);
    until.addEventListener("abort", () => { if (this.asked) engine.tell({ type: "remove", id: this.id }); }, { once: true });
    this.ask();
  }

  private get own(): engine.Detector | undefined { return offered.list.find((d) => d.name === `project/${this.project}`); }

  /** The project's own detector where it has one, else the one that is open. */
  private ask(): void {
    const own = this.own;
    if (!offered.list.length) {
      this.set({ state: "none", reason: "There is no detector yet.", detector: "" });
      return;
    }
    if (this.asked) return;
    this.asked = true;
    this.set({ state: "waiting", reason: "", detector: own?.name ?? offered.open });
    engine.tell({ type: "add", id: this.id, file: this.file, only: own?.name ?? "" });
    engine.tell({ type: "first", id: this.id });
  }

  private take(r: engine.Report): void {
    if (r.state === "failed") this.set({ state: "failed", reason: r.reason, detector: r.detector });
    else if (r.state === "scored" && r.scores && this.strange(r.unlike, r.scores)) {
      this.set({ state: "none", reason: strangeness(Math.max(r.unlike, 1), titleOf(r.detector)), detector: "" });
    } else if (r.state === "scored" && r.scores) {
      this.report = r as engine.Report & { scores: Float32Array };
      whenReady(() => { if (!this.until.aborted) this.paint(1); });
      this.set({ state: "there", reason: "", detector: r.detector });
    } else if (r.state !== "scored") this.set({ state: "waiting", reason: "", detector: r.detector });
  }

  /** Whether the map says nothing, as that of a detector of something else does. The project's own is always shown. */
  private strange(unlike: number, scores: Float32Array): boolean {
    if (this.own || unlike) return !this.own && unlike >= 1;
    // A model of before that was measured cannot tell: one whose threshold most of the picture is above is no help either.
    return scores.reduce((n, s) => n + Number(s >= 1), 0) > scores.length / 2;
  }

  private set(h: Heat): void {
    this.state = h;
    this.changed.emit();
  }

  /** Colours the map; threshold is the score that the palette's middle stands for. */
  paint(threshold: number): void {
    const go = overlay(), r = this.report;
    if (!go || !r) return;
    const size = go.set(pane, r.rows, r.cols, r.block, r.scores, r.width, r.height);
    if (!size) return;
    if (this.pixels?.width !== size[0] || this.pixels.height !== size[1]) {
      [this.canvas.width, this.canvas.height] = size;
      this.pixels = new ImageData(size[0], size[1]);
    }
    go.paint(pane, threshold, this.pixels.data);
    this.canvas.getContext("2d")!.putImageData(this.pixels, 0, 0);
  }
}
