// The labelling screen: one picture of a project, tools, a panel, and the row of the project's pictures. The drawing is
// done by the page's Go instance (go/desk.ts), the work on one picture by work.ts, the layers by sheet.ts, the saving by
// sync.ts.
import * as api from "../api";
import { make } from "../dom";
import type { Outcome, Tool } from "../go/words";
import { helpSheet } from "./keys";
import { Frame } from "./frame";
import { Others } from "./others";
import { chosen, LabelPanel, type Settings } from "./panel";
import { Saved } from "./saved";
import { Strip } from "./strip";
import * as sync from "./sync";
import { outcomeText, sumText, tools } from "./words";
import { inHand, Work } from "./work";
import { whenReady } from "../go/overlay";
import { href } from "../router";
import { screen } from "../shell";

class LabelScreen {
  private readonly all = new AbortController();
  private readonly strip: Strip;
  private readonly saved = new Saved(() => this.others.pressSaved(), this.all.signal);
  private readonly live = make("div", { class: "hide", role: "status", "aria-live": "polite" });
  private readonly stage = make("section", { class: "label-stage", "aria-label": "Picture" });
  private readonly frame: Frame;
  private readonly panel: LabelPanel;
  private readonly help = helpSheet();
  private readonly others: Others;
  private picture?: Work;

  constructor(private readonly root: HTMLElement, private readonly project: string) {
    const act = (f: (w: Work) => void) => () => { if (this.picture) f(this.picture); };
    this.strip = new Strip(project, (id) => void this.open(id));
    this.panel = new LabelPanel({
      normal: act((w) => w.doing.act("normal")), propose: act((w) => w.doing.propose()), blocks: act((w) => w.proposeBlocks()),
      accept: act((w) => w.doing.act("accept")), dismiss: act((w) => w.doing.act("dismiss")), remove: act((w) => w.doing.act("delete")),
      fill: act((w) => w.doing.act("fill")), rename: act((w) => w.rename()), give: act((w) => w.doing.act("cancel")),
      take: (as) => this.picture?.doing.take(as), set: (name, value) => this.set(name, value),
    });
    this.frame = new Frame(project, {
      tool: (t) => this.choose(t), undo: act((w) => w.doing.act("undo")), redo: act((w) => w.doing.act("redo")),
      step: (by) => this.step(by), next: () => this.next(), help: () => this.help.showModal(),
      zoom: (factor) => this.picture?.doing.zoom(factor), actual: () => this.picture?.doing.actual(), fit: () => this.picture?.doing.fit(),
    }, this.saved.root);
    root.classList.add("labelling");
    root.replaceChildren(this.frame.head, this.frame.bar, make("div", { class: "label-middle" }, this.stage, this.frame.foot, this.strip.root), this.panel.root, this.live, this.help);
    this.others = new Others(project, this.strip, this.saved, {
      work: () => this.picture, open: (id) => void this.open(id), stand: (s) => this.stand(s), counted: () => this.countPictures(), tell: (text) => this.tell(text),
    }, this.all.signal);
    this.listen();
    this.showTool();
  }

  private listen(): void {
    const until = this.all.signal;
    addEventListener("keydown", (event) => {
      if (event.key === "?" && !(event.target as HTMLElement).closest?.("dialog, input[type=text]")) { this.help.showModal(); event.preventDefault(); }
    }, { signal: until });
    addEventListener("focus", () => { void this.picture?.look(); }, { signal: until });
    addEventListener("blur", () => this.picture?.desk.rest(), { signal: until });
    addEventListener("pagehide", () => { void this.picture?.leave(); }, { signal: until });
    document.addEventListener("visibilitychange", () => { if (document.hidden) void this.picture?.leave(); }, { signal: until });
  }

  async begin(picture: string): Promise<void> {
    try {
      const [{ pictures }] = await Promise.all([api.get<"listPictures">(api.at("projects", this.project, "pictures"), this.all.signal),
        sync.begin(), new Promise<void>((resolve) => whenReady(() => resolve()))]);
      if (this.all.signal.aborted) return;
      this.strip.show(pictures);
      this.panel.knows([...new Set(pictures.map((p) => p.kind ?? "").filter(Boolean))]);
      await this.open(picture || this.strip.next()?.id || pictures[0]?.id || "");
    } catch (error) { this.fail(api.why(error)); }
  }

  end(): void {
    void this.picture?.leave();
    this.picture?.close();
    this.all.abort();
    sync.attend(undefined);
    if (this.help.open) this.help.close();
    this.root.classList.remove("labelling");
    this.root.replaceChildren();
  }

  private fail(text: string): void {
    if (!text || this.all.signal.aborted) return;
    this.stage.replaceChildren(make("div", { class: "message", role: "alert" }, text));
  }

  /** Goes to a picture of the project without building the screen anew. */
  private async open(id: string): Promise<void> {
    if (id === this.picture?.info.id) return;
    const info = this.strip.find(id);
    if (!info) { this.fail(id ? "There is no such picture in this project." : "This project has no pictures yet."); return; }
    const had = !!this.picture, keyboard = this.stage.contains(document.activeElement) || document.activeElement === document.body;
    void this.picture?.leave();
    this.picture?.close();
    this.picture = undefined;
    this.strip.at(id);
    const to = href(this.project, "label", id);
    if (had || location.hash !== to) history.replaceState(history.state, "", to);
    this.frame.name(info.name);
    this.countPictures();
    this.stage.replaceChildren(make("div", { class: "message" }, "Loading…"));
    const work = new Work(this.project, info, this.all.signal, { told: (o) => this.told(o), drawn: () => this.drawn(), go: (by) => this.step(by), next: () => this.next(), tool: (t) => this.choose(t), set: (n, v) => this.set(n, v) });
    this.picture = work;
    try {
      const held = await work.load();
      if (this.picture !== work) return;
      this.stage.replaceChildren(work.sheet!.root, ...(work.truth ? [work.truth.root] : []));
      work.sheet!.aim();
      this.apply();
      this.stand(sync.clashOf(id) ? { kind: "conflict" } : work.keeper!.left ? { kind: "kept" } : { kind: "saved", revision: held.revision });
      work.heat?.changed.on(() => { if (this.picture === work) this.showHeat(); }, work.until);
      this.showHeat();
      if (keyboard || !had) work.sheet!.root.focus({ preventScroll: true });
      this.tell(`${info.name}. ${sumText(work.desk.state())}.`);
      const c = sync.clashOf(id);
      if (c) void this.others.resolve(c);
    } catch (error) {
      if (this.picture === work) this.fail(error instanceof Error && error.name === "Unreadable" ? error.message : api.why(error));
    }
  }

  private step(by: number): void {
    const p = this.strip.step(by);
    if (p) void this.open(p.id);
    else this.tell(by > 0 ? "This is the last picture." : "This is the first picture.");
  }

  private next(): void {
    const p = this.strip.next();
    if (p) void this.open(p.id);
    else this.tell("No other picture waits for labels.");
  }

  private countPictures(): void { this.frame.place(this.strip.place + 1, this.strip.count, this.strip.waiting); }

  private choose(name: Tool): void {
    inHand.tool = name;
    this.picture?.desk.tool(name);
    this.picture?.sheet?.wake();
    this.showTool();
    this.tell(tools[name]?.name ?? "");
  }

  private showTool(): void {
    this.frame.tool(inHand.tool);
    this.stage.dataset.tool = inHand.tool;
    this.panel.root.dataset.tool = inHand.tool;
  }

  private set<K extends keyof Settings>(name: K, value: Settings[K]): void {
    chosen[name] = value;
    this.apply();
  }

  /** Gives the picture what is set. */
  private apply(): void {
    this.panel.set();
    this.picture?.apply();
    this.showHeat();
  }

  private showHeat(): void { this.panel.showHeat(this.picture?.heat?.state ?? { state: "none", reason: "", detector: "" }); }

  /** A frame was drawn: say what it changed. */
  private drawn(): void {
    const work = this.picture;
    if (!work?.sheet) return;
    const s = work.desk.state();
    this.panel.show(s);
    this.frame.show(s, work.under, work.sheet.scale * devicePixelRatio);
    const label = `${work.info.name}: ${sumText(s)}`;
    if (work.sheet.root.getAttribute("aria-label") !== label) work.sheet.root.setAttribute("aria-label", label);
  }

  private told(o: Outcome): void { if (this.picture) this.tell(outcomeText(o, this.picture.desk.state())); }

  private tell(text: string): void { if (text) this.live.textContent = text; }

  private stand(s: sync.Standing): void { if (this.saved.stand(s)) this.countPictures(); }
}

export function begin(): void {
  screen("label", "Label", ({ root, until, place }) => {
    const shown = new LabelScreen(root, place.project);
    void shown.begin(place.picture);
    until.addEventListener("abort", () => shown.end(), { once: true });
  });
}
