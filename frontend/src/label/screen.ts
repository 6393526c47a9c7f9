// The labelling screen: one picture of a project, tools, a panel, and the row of the project's pictures. The drawing is
// done by the page's Go instance (go/desk.ts), the work on one picture by work.ts, the layers by sheet.ts, the saving by
// sync.ts.
import * as api from "../api";
import { icon, make, plural, say } from "../dom";
import * as engine from "../go/engine";
import { chooseVersion } from "./clash";
import { Subject, type Outcome, type Tool } from "../go/words";
import { toolIcon } from "./icons";
import { helpSheet } from "./keys";
import { chosen, LabelPanel, toolButton, type Settings } from "./panel";
import { lasting } from "./drafts";
import { Strip } from "./strip";
import * as sync from "./sync";
import { outcomeText, sumText, tools } from "./words";
import { inHand, Work } from "./work";
import { whenReady } from "../go/overlay";
import { href } from "../router";


/** Shows a picture to be labelled; "" is the next that waits for labels. It gives what takes the screen down. */
export function mountLabel(root: HTMLElement, project: string, picture: string): () => void {
  const screen = new LabelScreen(root, project);
  void screen.begin(picture);
  return () => screen.end();
}

class LabelScreen {
  private readonly all = new AbortController();
  private readonly strip: Strip;
  private readonly title = make("h2", { class: "label-title" });
  private readonly count = make("span", { class: "quiet" });
  private readonly saved = make("button", { type: "button", class: "save-state", "aria-live": "polite" });
  private readonly live = make("div", { class: "hide", role: "status", "aria-live": "polite" });
  private readonly hint = make("span", { class: "hint" });
  private readonly where = make("span", { class: "where" });
  private readonly zoomText = make("button", { type: "button", class: "number", title: "Actual pixels (Z)", onclick: () => this.picture?.doing.actual() });
  private readonly stage = make("section", { class: "label-stage", "aria-label": "Picture" });
  private readonly toolButtons = new Map<string, HTMLButtonElement>();
  private readonly undo: HTMLButtonElement;
  private readonly redo: HTMLButtonElement;
  private readonly panel: LabelPanel;
  private readonly help = helpSheet();
  private picture?: Work;
  private standing: sync.Standing = { kind: "saved", revision: 0 };
  private timer = 0;

  constructor(private readonly root: HTMLElement, private readonly project: string) {
    const act = (f: (w: Work) => void) => () => { if (this.picture) f(this.picture); };
    this.strip = new Strip(project, (id) => void this.open(id));
    this.panel = new LabelPanel({
      normal: act((w) => w.doing.act("normal")), propose: act((w) => w.doing.propose()), blocks: act((w) => w.proposeBlocks()),
      accept: act((w) => w.doing.act("accept")), dismiss: act((w) => w.doing.act("dismiss")), remove: act((w) => w.doing.act("delete")),
      fill: act((w) => w.doing.act("fill")), rename: act((w) => w.rename()), set: (name, value) => this.set(name, value),
    });
    const bar = make("div", { class: "label-tools", role: "toolbar", "aria-label": "Tools", "aria-orientation": "vertical" });
    for (const [name, t] of Object.entries(tools)) {
      const b = toolButton(name, t.name, t.key, () => this.choose(name as Tool));
      this.toolButtons.set(name, b);
      bar.append(b);
    }
    this.undo = make("button", { type: "button", title: "Undo (Ctrl+Z)", "aria-label": "Undo", onclick: act((w) => w.doing.act("undo")) }, toolIcon("undo"));
    this.redo = make("button", { type: "button", title: "Redo (Ctrl+Y)", "aria-label": "Redo", onclick: act((w) => w.doing.act("redo")) }, toolIcon("redo"));
    bar.append(make("hr"), this.undo, this.redo);
    const press = (name: string, title: string, run: () => void, ...content: (Node | string)[]) => make("button", { type: "button", title, "aria-label": name, onclick: run }, ...content);
    const head = make("div", { class: "label-head" },
      make("a", { class: "button", href: href(project), title: "Back to the pictures" }, toolIcon("back"), "Pictures"), this.title, this.count, make("span", { class: "spring" }), this.saved,
      make("div", { class: "group", role: "group", "aria-label": "Go to" },
        press("Picture before", "Picture before (PgUp)", () => this.step(-1), toolIcon("back")), press("Next picture", "Next picture (PgDn)", () => this.step(1), toolIcon("next")),
        make("button", { type: "button", class: "main", title: "Next unlabelled (U)", onclick: () => this.next() }, "Next unlabelled")),
      make("button", { type: "button", class: "label-help-open", title: "Keyboard (?)", "aria-label": "Keyboard", onclick: () => this.help.showModal() }, icon("help")));
    const foot = make("div", { class: "foot" }, this.where, this.hint, make("div", { class: "group", role: "group", "aria-label": "Zoom" },
      press("Zoom out", "Zoom out (−)", () => this.picture?.doing.zoom(1 / 1.5), icon("minus")), this.zoomText, press("Zoom in", "Zoom in (+)", () => this.picture?.doing.zoom(1.5), icon("add")),
      press("Fit the picture to the view", "Fit (0)", () => this.picture?.doing.fit(), icon("fit"))));
    root.classList.add("labelling");
    root.replaceChildren(head, bar, make("div", { class: "label-middle" }, this.stage, foot, this.strip.root), this.panel.root, this.live, this.help);
    this.listen();
    this.showTool();
  }

  private listen(): void {
    const until = this.all.signal;
    addEventListener("keydown", (event) => {
      if (event.key === "?" && !(event.target as HTMLElement).closest?.("dialog, input[type=text]")) { this.help.showModal(); event.preventDefault(); }
    }, { signal: until });
    sync.standings.on(({ picture, standing }) => { if (picture === this.picture?.info.id) this.stand(standing); else this.showSaved(); }, until);
    sync.clashes.on((c) => { if (c.draft.picture === this.picture?.info.id) void this.resolve(c); else this.showSaved(); }, until);
    sync.saves.on((s) => { void this.heard(s.picture, s.revision, s.here); }, until);
    engine.changes.on((c) => { if (c.subject === Subject.labels && c.project === this.project) void this.heard(c.picture, c.revision, false); }, until);
    this.saved.addEventListener("click", () => this.pressSaved());
    addEventListener("focus", () => { void this.picture?.look(); }, { signal: until });
    addEventListener("blur", () => this.picture?.desk.rest(), { signal: until });
    addEventListener("pagehide", () => { void this.picture?.leave(); }, { signal: until });
    document.addEventListener("visibilitychange", () => { if (document.hidden) void this.picture?.leave(); }, { signal: until });
    this.timer = window.setInterval(() => { if (this.standing.kind === "waiting") this.showSaved(); }, 500);
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
    clearInterval(this.timer);
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
    say(this.title, info.name);
    this.title.title = info.name;
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
      if (c) void this.resolve(c);
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

  private countPictures(): void {
    say(this.count, `${this.strip.place + 1} of ${this.strip.count} · ${this.strip.waiting ? `${this.strip.waiting} unlabelled` : "all labelled"}`);
  }

  private choose(name: Tool): void {
    inHand.tool = name;
    this.picture?.desk.tool(name);
    this.picture?.sheet?.wake();
    this.showTool();
    this.tell(tools[name]?.name ?? "");
  }

  private showTool(): void {
    for (const [name, b] of this.toolButtons) b.setAttribute("aria-pressed", String(name === inHand.tool));
    say(this.hint, tools[inHand.tool]?.hint ?? "");
    this.stage.dataset.tool = inHand.tool;
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

  private showHeat(): void {
    this.panel.showHeat(this.picture?.heat?.state ?? { state: "none", reason: "", detector: "" });
  }

  /** A frame was drawn: say what it changed. */
  private drawn(): void {
    const work = this.picture;
    if (!work?.sheet) return;
    const s = work.desk.state();
    this.panel.show(s);
    this.undo.disabled = !s.canUndo;
    this.redo.disabled = !s.canRedo;
    say(this.where, work.under);
    say(this.zoomText, `${Math.round(work.sheet.scale * devicePixelRatio * 100)} %`);
    const label = `${work.info.name}: ${sumText(s)}`;
    if (work.sheet.root.getAttribute("aria-label") !== label) work.sheet.root.setAttribute("aria-label", label);
  }

  private told(o: Outcome): void {
    if (this.picture) this.tell(outcomeText(o, this.picture.desk.state()));
  }

  private tell(text: string): void {
    if (text) this.live.textContent = text;
  }

  private stand(s: sync.Standing): void {
    if (s.kind === "saved" && this.standing.kind !== "saved") { this.countPictures(); }
    this.standing = s;
    this.showSaved();
  }

  private showSaved(): void {
    const s = this.standing, n = sync.unsent(), other = sync.anyClash();
    let text = "", kind: string = s.kind;
    switch (s.kind) {
      case "saved": text = s.revision ? `Saved · revision ${s.revision}` : "Nothing to save yet"; break;
      case "kept": text = "Kept in this browser"; break;
      case "sending": text = "Saving…"; break;
      case "waiting": text = `Kept in this browser. ${s.reason}; again in ${Math.max(Math.ceil((s.until - performance.now()) / 1000), 0)} s`; break;
      case "conflict": text = "Two versions: choose"; break;
      case "refused": text = `Not saved: ${s.reason}`; break;
    }
    if (other && s.kind === "saved") { text = `Two versions of ${other.draft.name}: choose`; kind = "conflict"; }
    else if (n > 1) text += ` (${plural(n, "picture")})`;
    if (!lasting && s.kind !== "saved") text += ". This browser keeps nothing: leave the page open";
    this.saved.dataset.state = kind;
    this.saved.disabled = kind !== "conflict" && kind !== "waiting";
    this.saved.title = kind === "waiting" ? "Try now" : "";
    say(this.saved, text);
  }

  private pressSaved(): void {
    const c = (this.picture && sync.clashOf(this.picture.info.id)) ?? sync.anyClash();
    if (!c) { sync.sendNow(); return; }
    if (c.draft.picture !== this.picture?.info.id) void this.open(c.draft.picture);
    else void this.resolve(c);
  }

  private choosing = false;
  private async resolve(c: sync.Clash): Promise<void> {
    const work = this.picture;
    if (this.choosing || !work?.image) return;
    this.choosing = true;
    this.tell("Somebody else saved labels of this picture. Choose which to keep.");
    const choice = await chooseVersion(c, work.image, work.until);
    this.choosing = false;
    if (!choice) return;
    if (this.picture === work) work.take(choice.data);
    await sync.settle(c, choice.data, choice.both);
    this.tell(choice.what === "mine" ? "Yours is kept." : choice.what === "theirs" ? "Theirs is taken." : "Both are merged.");
    work.sheet?.root.focus({ preventScroll: true });
  }

  /** Another revision of a picture is there. */
  private async heard(picture: string, revision: number, here: boolean): Promise<void> {
    const work = this.picture;
    if (work?.info.id === picture && work.keeper && revision > work.keeper.revision && await work.look()) {
      this.stand({ kind: "saved", revision: work.keeper.revision });
      this.tell(here ? "Labels updated." : "Labels updated: somebody else saved.");
    }
    try {
      const p = await api.get<"getPicture">(api.at("projects", this.project, "pictures", picture), this.all.signal);
      if (p.labels) this.strip.update(picture, p.labels);
      this.countPictures();
    } catch { /* the row is a little older then */ }
  }
}
