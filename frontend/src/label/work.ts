// The work on one picture: its desk, its layers, its heat map, and the keeping of what is drawn.
import * as api from "../api";
import { Desk } from "../go/desk";
import { Keys, smallBlock, type Outcome, type Tool } from "../go/words";
import { doings } from "./doings";
import { HeatMap } from "./heat";
import { listen as listenKeys, type Doing } from "./keys";
import { chosen, Truth, type Settings } from "./panel";
import { Upright } from "./upright";
import { listen as listenPointers } from "./pointer";
import { fetchLabels, type Held } from "./rest";
import { Sheet } from "./sheet";
import * as sync from "./sync";
import { Keeper } from "./keeper";
import { overlay } from "../go/overlay";
import { View } from "../view";

/** The tool in hand lasts from picture to picture. */
export const inHand: { tool: Tool } = { tool: "box" };

/** What the work on a picture asks of the screen around it. */
export interface Around {
  told(o: Outcome): void; drawn(): void; go(by: number): void; next(): void; tool(t: Tool): void;
  set<K extends keyof Settings>(name: K, value: Settings[K]): void;
}

/** The work on one picture. */
export class Work {
  readonly desk = new Desk();
  readonly until: AbortSignal;
  sheet?: Sheet;
  keeper?: Keeper;
  heat?: HeatMap;
  truth?: Truth;
  image?: Upright;
  doing!: Doing;
  private readonly stop = new AbortController();
  readonly view = new View();
  private revision = 0; // the desk's, last kept
  private spent = 0; // milliseconds, last kept
  /** The Space key: held, it moves the view; tapped, it presses for who has no pointer. */
  space: "up" | "down" | "used" = "up";
  private slow = 0;
  private painted = 0;
  private pointer = { x: NaN, y: NaN };

  constructor(private readonly project: string, readonly info: api.Picture, all: AbortSignal, readonly around: Around) {
    this.until = this.stop.signal;
    all.addEventListener("abort", () => this.stop.abort(), { signal: this.until });
  }

  async load(): Promise<Held> {
    const { until, info } = this;
    const base = ["projects", this.project, "pictures", info.id];
    const file = await api.raw("GET", api.at(...base, "image"), { signal: until }).then((a) => a.blob());
    try { this.image = await Upright.decode(file); } catch { throw unreadable("This browser cannot decode the picture, or has no memory left for it."); }
    if (until.aborted) { this.image.close(); throw new DOMException("left", "AbortError"); }
    let held: Held;
    // What an earlier page left behind may be saved while the labels are fetched.
    do held = await fetchLabels(this.project, info.id, until); while (held.revision < sync.newestOf(info.id));
    this.keeper = new Keeper(this.project, info.id, info.name, held.revision, held.data);
    sync.attend(this.keeper);
    const wrong = this.desk.open(info.width, info.height, this.keeper.left?.data ?? held.data);
    if (wrong) throw unreadable(`These labels cannot be shown: ${wrong}.`);
    this.remember();
    this.sheet = new Sheet(this.desk, this.view, { width: info.width, height: info.height }, until);
    const root = this.sheet.root;
    root.tabIndex = 0;
    root.setAttribute("role", "application");
    root.setAttribute("aria-roledescription", "picture to label");
    this.sheet.show(this.image);
    this.sheet.drawn.on(() => this.frame(), until);
    this.desk.picture(this.image.small(...this.desk.grid()));
    void this.image.halve(() => this.sheet?.turn(), until);
    this.doing = doings(this, this.sheet);
    listenPointers(this.sheet, this.desk, { told: (o) => this.done(o), touched: () => {}, at: (x, y) => { this.pointer = { x, y }; }, keys: () => inHand.tool === "clicks" && chosen.not && this.desk.state().clicks ? Keys.shift : 0,
      space: () => { if (this.space === "up") return false; this.space = "used"; return true; } }, until);
    listenKeys(root, this.doing, until);
    addEventListener("keyup", (event) => {
      if (event.key !== " ") return;
      if (this.space === "down") this.done(this.desk.act("press", event.shiftKey ? Keys.shift : 0));
      this.space = "up";
    }, { signal: until });
    this.heat = new HeatMap(this.project, file, until);
    this.heat.changed.on(() => this.apply(), until);
    if (info.truth) this.truth = new Truth(api.at(...base, "thumbnail"), api.at(...base, "truth"), () => this.around.set("truth", false));
    return held;
  }

  close(): void {
    this.stop.abort();
    this.desk.close();
    this.image?.close();
  }

  proposeBlocks(): void { this.done(this.desk.act("blocks", chosen.threshold)); }

  rename(): void { if (this.desk.state().selected) this.done(this.desk.act("rename")); }

  done(o: Outcome): void {
    this.sheet?.wake();
    this.around.told(o);
    this.keep();
  }

  /** Keeps what changed, in this browser first. */
  private keep(): void {
    const s = this.desk.state();
    if (s.busy || s.revision === this.revision || !this.keeper) return;
    this.remember();
    void this.keeper.edited(this.desk.stored());
  }

  private remember(): void {
    const s = this.desk.state();
    this.revision = s.revision;
    this.spent = s.spent.reduce((a, b) => a + b, 0);
  }

  /** The screen or the window is left: the time since the last step belongs to the labels too, where there are any. */
  async leave(): Promise<void> {
    if (!this.keeper || this.until.aborted) return;
    this.desk.rest();
    const s = this.desk.state();
    const spent = s.spent.reduce((a, b) => a + b, 0);
    if (s.revision === this.revision && (!this.keeper.left || spent === this.spent)) return;
    this.remember();
    await this.keeper.edited(this.desk.stored());
  }

  /** Takes the server's newer labels over where nothing of mine is unsaved; says whether there were any. */
  async look(): Promise<boolean> {
    if (!this.keeper || this.keeper.left) return false;
    try {
      const held = await fetchLabels(this.project, this.info.id, this.until);
      if (this.keeper.left || this.desk.state().busy || held.revision <= this.keeper.revision || !held.data) return false;
      this.keeper.rebase(held);
      this.take(held.data);
      return true;
    } catch { return false; }
  }

  /** Goes on from other labels. */
  take(data: Uint8Array<ArrayBuffer>): void {
    const wrong = this.desk.replace(data);
    if (wrong) console.error("labels cannot be shown:", wrong);
    this.remember();
    this.sheet?.turn();
  }

  /** Brings what the keyboard moves into view. */
  follow(): void {
    const { sheet } = this, s = this.desk.state();
    if (!sheet) return;
    const { width, height } = sheet.box, edge = 40;
    const past = (v: number, side: number) => v < edge ? edge - v : v > side - edge ? side - edge - v : 0;
    const dx = past(s.focusX, width), dy = past(s.focusY, height);
    if (dx || dy) this.view.pan(dx, dy, sheet.box, sheet.size);
  }

  apply(): void {
    const r = this.heat?.report, go = overlay();
    const eights = r && r.block === smallBlock;
    this.desk.settings(chosen.radius, chosen.snap, chosen.name, eights ? r.rows : 0, eights ? r.cols : 0);
    this.desk.tool(inHand.tool);
    if (this.truth) this.truth.root.hidden = !chosen.truth;
    if (!this.sheet) return;
    if (r && go) {
      this.desk.scores(r.rows, r.cols, r.block, r.scores);
      if (this.painted !== chosen.threshold) { this.painted = chosen.threshold; this.heat!.paint(chosen.threshold); }
    }
    this.sheet.heat = chosen.heat && r ? { canvas: this.heat!.canvas, opacity: chosen.opacity } : undefined;
    this.sheet.turn();
  }

  /** Which pixel is under the pointer, in words. */
  get under(): string {
    const { sheet, info } = this, { x, y } = this.pointer;
    if (!sheet) return "";
    const at = this.view.place(sheet.box, sheet.size);
    const px = Math.floor((x - at.x) / at.scale), py = Math.floor((y - at.y) / at.scale);
    return px >= 0 && py >= 0 && px < info.width && py < info.height ? `x ${px}, y ${py}` : `${info.width} × ${info.height}`;
  }

  /** Saying costs more than drawing: ten times a second is enough. */
  private frame(): void {
    this.slow ||= window.setTimeout(() => { this.slow = 0; if (!this.until.aborted) this.around.drawn(); }, 80);
  }
}

function unreadable(text: string): Error {
  const e = new Error(text);
  e.name = "Unreadable";
  return e;
}

