// Threshold and verdict: the curve of false alarms and misses over the threshold, counted on the project's own pictures. The
// line is dragged, or moved by keys, and stored with the model.
import * as api from "../api";
import { make, plural, say } from "../dom";
import * as engine from "../go/engine";
import { Subject } from "../go/words";
import { note } from "../note";
import { Plot } from "./plot";
import { go, href } from "../router";
import { attempt, blank, may, screen, type Stay } from "../shell";

type Curve = api.Answers["getThreshold"];
type Count = Curve["now"];

async function show({ root, until, project, place }: Stay): Promise<void> {
  const { models, deployed } = await api.get<"listModels">(api.at("projects", project.id, "models"), until);
  const model = models.find((m) => m.id === place.model) ?? models.find((m) => m.id === deployed) ?? models[0];
  if (!model) {
    root.append(blank("No model yet", "A threshold belongs to a model: train one first.", make("a", { class: "button main", href: href(project.id, "train") }, "Train")));
    return;
  }
  const choice = make("select", { id: "threshold-model", onchange: () => go(href(project.id, "threshold") + `?${choice.value}`) },
    ...models.map((m) => make("option", { value: m.id, selected: m.id === model.id }, m.name + (m.id === deployed ? " (in use)" : ""))));
  const waiting = make("p", { class: "quiet" }, "Counting on the project's pictures…");
  root.append(make("div", { class: "screen-head" }, make("h2", {}, "Threshold and verdict"), make("div", { class: "spring" }), make("label", {}, "Model ", choice)), waiting);
  const curve = await api.get<"getThreshold">(api.at("projects", project.id, "threshold") + `?model=${encodeURIComponent(model.id)}`, until);
  waiting.remove();
  if (!curve.points?.length) {
    root.append(blank("Nothing to count on", curve.verdict || "Hold out some normal and some defective pictures: false alarms and misses are counted on them.",
      make("a", { class: "button main", href: href(project.id) }, "Pictures")));
    return;
  }
  const chooser = new Chooser(project, model, curve, until);
  root.append(chooser.root);
  engine.changes.on((c) => {
    if (c.project !== project.id || c.subject !== Subject.models) return;
    api.get<"getModel">(api.at("projects", project.id, "models", model.id), until).then((m) => chooser.stored(m.threshold), () => {});
  }, until);
}

class Chooser {
  readonly root: HTMLElement;
  private readonly plot: Plot;
  private readonly alarms = make("output", {});
  private readonly misses = make("output", {});
  private readonly slider: HTMLInputElement;
  private readonly value = make("output", { for: "threshold-at" });
  private readonly save: HTMLButtonElement;
  private readonly text = make("p", { class: "quiet", role: "status" });
  private readonly points: Count[];
  private at: number;
  private kept: number;

  constructor(private project: api.Project, private model: api.Model, curve: Curve, until: AbortSignal) {
    this.points = [...curve.points!].sort((a, b) => a.threshold - b.threshold);
    this.at = this.kept = curve.current > 0 ? curve.current : model.threshold || 1;
    const top = Math.max(this.points.at(-1)!.threshold * 1.05, this.at * 1.2, 1.2), most = Math.max(curve.normal, curve.defective, 1);
    this.plot = new Plot("False alarms and misses by threshold", { label: "threshold (1 is the model's own)", min: 0, max: top, format: (v) => String(v) },
      { label: "pictures", min: 0, max: most, format: (v) => Number.isInteger(v) ? String(v) : "" }, 320, until);
    this.plot.over = (svg) => this.drawLine(svg);
    this.slider = make("input", { type: "range", id: "threshold-at", min: 0.01, max: Math.ceil(top * 100) / 100, step: 0.01, value: this.at,
      oninput: () => this.move(Number(this.slider.value)) });
    const canSave = may(project, "admin");
    this.save = make("button", { class: "main", id: "store-threshold", disabled: true, onclick: () => attempt(this.save, () => this.store()) }, "Store with the model");
    this.save.hidden = !canSave;
    const to = (name: string, v: number) => make("button", { onclick: () => this.move(v) }, name);
    this.root = make("div", { class: "threshold-box" },
      make("div", { class: "panel-card" }, this.plot.root, make("div", { class: "threshold-row" }, make("label", { for: "threshold-at" }, "Threshold ", this.value), this.slider)),
      make("div", { class: "panel-card counts" },
        make("div", { class: "count alarms" }, this.alarms, make("span", {}, `false alarms of ${plural(curve.normal, "normal picture")}`)),
        make("div", { class: "count misses" }, this.misses, make("span", {}, `misses of ${plural(curve.defective, "defective picture")}`)),
        ...(curve.verdict ? [make("p", {}, curve.verdict)] : []),
        make("div", { class: "group wrap" }, ...(curve.suggested > 0 ? [to(`Fewest errors: ${curve.suggested.toFixed(2)}`, curve.suggested)] : []), to("The model's own: 1.00", 1)),
        this.save, this.text));
    this.drag(this.plot.element, until);
    this.draw();
    this.move(this.at);
  }

  /** The counts at a threshold. The points are pictures' scores, and a picture counts as defective from its score down. */
  private counts(t: number): Count {
    return this.points.find((p) => p.threshold >= t - 1e-9) ?? this.points.at(-1)!;
  }

  private draw(): void {
    const last = this.points.at(-1)!;
    const ends = (pick: (c: Count) => number): [number, number][] => [[0, pick(this.points[0])],
      ...this.points.map((p, i): [number, number] => [p.threshold, pick(this.points[i + 1] ?? last)]), [Number(this.slider.max), pick(last)]];
    this.plot.show([
      { name: "false alarms", tone: "tone-alarm", as: "steps", points: ends((c) => c.false_alarms) },
      { name: "misses", tone: "tone-miss", as: "steps", points: ends((c) => c.misses) },
    ], `At ${this.at.toFixed(2)}: ${plural(this.counts(this.at).false_alarms, "false alarm")}, ${plural(this.counts(this.at).misses, "miss", "misses")}.`);
  }

  private drawLine(svg: SVGSVGElement): void {
    const f = this.plot.frame, x = this.plot.toX(this.at).toFixed(1);
    for (const [v, name] of [[this.kept, "kept-line"], [this.at, "at-line"]] as const) {
      const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
      line.setAttribute("d", `M${this.plot.toX(v).toFixed(1)} ${f.top}V${f.bottom}`);
      line.setAttribute("class", name);
      svg.append(line);
    }
    const knob = document.createElementNS("http://www.w3.org/2000/svg", "circle");
    knob.setAttribute("cx", x);
    knob.setAttribute("cy", String(f.top + 8));
    knob.setAttribute("r", "7");
    knob.setAttribute("class", "at-knob");
    svg.append(knob);
  }

  private drag(svg: SVGSVGElement, until: AbortSignal): void {
    let held = false;
    const move = (event: PointerEvent) => this.move(this.plot.fromX(event.clientX - svg.getBoundingClientRect().left));
    svg.addEventListener("pointerdown", (event) => { held = true; svg.setPointerCapture(event.pointerId); move(event); }, { signal: until });
    svg.addEventListener("pointermove", (event) => { if (held) move(event); }, { signal: until });
    for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, () => { held = false; }, { signal: until });
  }

  private move(to: number): void {
    this.at = Math.min(Math.max(Math.round(to * 100) / 100, 0.01), Number(this.slider.max));
    this.slider.value = String(this.at);
    const c = this.counts(this.at);
    say(this.value, this.at.toFixed(2));
    say(this.alarms, String(c.false_alarms));
    say(this.misses, String(c.misses));
    this.slider.setAttribute("aria-valuetext", `${this.at.toFixed(2)}: ${plural(c.false_alarms, "false alarm")}, ${plural(c.misses, "miss", "misses")}`);
    this.save.disabled = Math.abs(this.at - this.kept) < 0.005;
    say(this.text, this.save.disabled ? `Stored with ${this.model.name}.` : `Stored is ${this.kept.toFixed(2)}.`);
    this.draw();
  }

  /** The stored threshold changed, here or elsewhere. */
  stored(t: number): void {
    if (t > 0) this.kept = t;
    this.move(this.at);
  }

  private async store(): Promise<void> {
    const m = await api.put<"setThreshold">(api.at("projects", this.project.id, "threshold"), { model: this.model.id, threshold: this.at });
    note(`Pictures count as defective from a score of ${this.at.toFixed(2)} on.`);
    // The button is enabled again after this; the text says how it stands.
    queueMicrotask(() => setTimeout(() => this.stored(m?.threshold ?? this.at)));
  }
}

export function begin(): void { screen("threshold", "Threshold", show); }
