// The right side of the labelling screen: what the picture is, the tool's settings, the heat map, the selected shape, the
// time.
import { icon, make, say } from "../dom";
import type { DeskState } from "../go/desk";
import { maxKind, Tool, type As } from "../go/words";
import { titleOf } from "../titles";
import { toolIcon } from "./icons";
import { RegionPanel } from "./region";
import type { Heat } from "./heat";
import { clock, shapeText, spentOn, sumText } from "./words";

export interface Settings { radius: number; snap: boolean; name: string; heat: boolean; opacity: number; threshold: number; truth: boolean; not: boolean }

/** What a user has set lasts from picture to picture, as long as the page. */
export const chosen: Settings = { radius: 8, snap: true, name: "", heat: true, opacity: 0.45, threshold: 1, truth: true, not: false };

export interface Wishes {
  normal(): void; set<K extends keyof Settings>(name: K, value: Settings[K]): void;
  propose(): void; blocks(): void; accept(): void; dismiss(): void; remove(): void; fill(): void; rename(): void; take(as: As): void; give(): void;
}

let lists = 0;

export class LabelPanel {
  readonly root: HTMLElement;
  private readonly normal: HTMLButtonElement;
  private readonly sum = make("p", { class: "sum" });
  private readonly total = make("output", { class: "total" });
  private readonly times = make("dl");
  private readonly radius: HTMLInputElement;
  private readonly radiusText = make("output");
  private readonly snap: HTMLInputElement;
  private readonly kind: HTMLInputElement;
  private readonly heat: HTMLInputElement;
  private readonly heatText = make("p", { class: "quiet small" });
  private readonly heatRows: HTMLElement;
  private readonly threshold: HTMLInputElement;
  private readonly thresholdText = make("output");
  private readonly buttons: Record<"propose" | "blocks" | "accept" | "dismiss", HTMLButtonElement>;
  private readonly shape: HTMLElement;
  private readonly shapeText = make("p", { class: "sum" });
  private readonly proposed: HTMLElement;
  private readonly kinds: HTMLDataListElement;
  private readonly region: RegionPanel;

  constructor(wishes: Wishes) {
    const number = ++lists;
    const button = (text: string, key: string, run: () => void, cls = "") =>
      make("button", { type: "button", class: cls, title: `${text} (${key})`, onclick: run }, text, make("kbd", { "aria-hidden": "true" }, key));
    this.normal = make("button", { type: "button", class: "normal", "aria-pressed": "false", title: "This picture is normal (N)", onclick: () => wishes.normal() },
      toolIcon("normal"), make("span", {}, "This picture is normal"), make("kbd", { "aria-hidden": "true" }, "N"));
    this.radius = make("input", { type: "range", min: 0, max: 100, step: 1, id: `radius-${number}` });
    this.radius.addEventListener("input", () => wishes.set("radius", radiusOf(Number(this.radius.value))));
    this.snap = make("input", { type: "checkbox" });
    this.snap.addEventListener("change", () => wishes.set("snap", this.snap.checked));
    this.kinds = make("datalist", { id: `kinds-${number}` });
    this.kind = make("input", { type: "text", maxlength: maxKind, placeholder: "not said", list: `kinds-${number}`, id: `kind-${number}`, autocomplete: "off", spellcheck: "false" });
    this.kind.addEventListener("input", () => wishes.set("name", this.kind.value.trim()));
    this.kind.addEventListener("change", () => wishes.rename());
    this.heat = make("input", { type: "checkbox" });
    this.heat.addEventListener("change", () => wishes.set("heat", this.heat.checked));
    this.threshold = make("input", { type: "range", min: 0.2, max: 3, step: 0.01, id: `above-${number}` });
    this.threshold.addEventListener("input", () => wishes.set("threshold", Number(this.threshold.value)));
    const opacity = make("input", { type: "range", min: 0, max: 1, step: 0.05, value: chosen.opacity, id: `opacity-${number}` });
    opacity.addEventListener("input", () => wishes.set("opacity", Number(opacity.value)));
    this.buttons = {
      propose: button("Propose", "P", () => wishes.propose()), blocks: make("button", { type: "button", title: "Label the hot blocks", onclick: () => wishes.blocks() }, "As blocks"),
      accept: button("Accept", "A", () => wishes.accept(), "main"), dismiss: button("Dismiss", "X", () => wishes.dismiss()),
    };
    this.proposed = make("div", { class: "row" }, this.buttons.accept, this.buttons.dismiss);
    this.heatRows = make("div", { class: "heat-rows" },
      make("label", { for: `opacity-${number}` }, "Opacity"), opacity,
      make("label", { for: `above-${number}` }, "Propose above ", this.thresholdText), this.threshold,
      make("div", { class: "row" }, this.buttons.propose, this.buttons.blocks));
    this.shape = make("section", { "aria-label": "Selected shape", hidden: true }, make("h2", {}, "Selected"), this.shapeText,
      make("div", { class: "row" }, button("Delete", "Del", () => wishes.remove()), button("To pixels", "M", () => wishes.fill())));
    this.region = new RegionPanel(wishes);
    this.root = make("aside", { class: "panel label-panel", "aria-label": "Labels" },
      make("section", { class: "what" }, this.normal, this.sum),
      make("section", {}, make("h2", {}, "Time ", this.total), this.times),
      this.region.root,
      this.shape,
      make("section", { class: "settings" }, make("h2", {}, "Drawing"),
        make("label", { for: `kind-${number}` }, "Kind of defect"), this.kind, this.kinds,
        make("label", { for: this.radius.id }, "Brush ", this.radiusText), this.radius,
        make("label", { class: "check" }, this.snap, " Snap to pixels, boxes, edges")),
      make("section", { class: "settings" }, make("h2", {}, "Heat map"),
        make("label", { class: "check" }, this.heat, " Under the labels"), this.heatText, this.heatRows, this.proposed));
    this.set();
  }

  /** Shows what is set. */
  set(): void {
    this.radius.value = String(sliderOf(chosen.radius));
    this.radius.setAttribute("aria-valuetext", `${radiusText(chosen.radius)} pixels across`);
    say(this.radiusText, `${radiusText(chosen.radius)} px`);
    this.snap.checked = chosen.snap;
    this.region.set();
    this.heat.checked = chosen.heat;
    this.threshold.value = String(chosen.threshold);
    say(this.thresholdText, chosen.threshold.toFixed(2));
    if (document.activeElement !== this.kind) this.kind.value = chosen.name;
  }

  /** The kinds of defects that the project knows already. */
  knows(names: string[]): void {
    this.kinds.replaceChildren(...names.map((n) => make("option", { value: n })));
  }

  showHeat(h: Heat): void {
    const there = h.state === "there";
    this.heatRows.hidden = !there;
    this.heat.disabled = !there;
    const name = titleOf(h.detector);
    say(this.heatText, there ? `By ${name}.` : h.state === "waiting" ? `Asking ${name || "the detector"}…` : h.reason);
  }

  show(s: DeskState): void {
    this.normal.setAttribute("aria-pressed", String(s.normal));
    say(this.sum, sumText(s));
    say(this.total, clock(s.spent.reduce((a, b) => a + b, 0)));
    const rows = (Object.keys(Tool) as Tool[]).map((t) => [spentOn[t], s.spent[Tool[t]]] as const).filter(([, ms]) => ms >= 50);
    if (this.times.children.length !== 2 * rows.length) this.times.replaceChildren(...rows.flatMap(() => [make("dt"), make("dd")]));
    rows.forEach(([name, ms], i) => { say(this.times.children[2 * i], name); say(this.times.children[2 * i + 1], clock(ms)); });
    this.region.show(s);
    this.shape.hidden = !s.selected;
    if (s.selected) say(this.shapeText, shapeText(s.selected).replace(/^./, (c) => c.toUpperCase()));
    this.proposed.hidden = !s.proposed;
    const one = !!s.selected?.proposed;
    for (const [b, text] of [[this.buttons.accept, "Accept"], [this.buttons.dismiss, "Dismiss"]] as const) {
      const words = `${text} ${one ? "this" : s.proposed > 1 ? `all ${s.proposed}` : "it"}`;
      if (b.firstChild!.textContent !== words) b.firstChild!.textContent = words;
    }
  }
}

/** The brush's radius, in picture pixels. */
export const brush = { least: 0.5, most: 1000 };

/** Sliders go in equal factors, from 0 to 100. */
const factor = brush.most / brush.least;
const radiusOf = (v: number): number => brush.least * Math.pow(factor, v / 100);
const sliderOf = (r: number): number => Math.round(100 * Math.log(r / brush.least) / Math.log(factor));
const radiusText = (r: number): string => r < 5 ? String(Math.round(20 * r) / 10) : String(Math.round(2 * r));

/** A button of the tool bar. */
export function toolButton(name: string, text: string, key: string, run: () => void): HTMLButtonElement {
  return make("button", { type: "button", title: `${text} (${key})`, "aria-label": text, "aria-pressed": "false", onclick: run }, toolIcon(name), make("kbd", { "aria-hidden": "true" }, key));
}

/** A corner with the ground truth, as the paper's tool has it. */
export class Truth {
  readonly root = make("figure", { class: "truth", hidden: true });
  constructor(thumbnail: string, mask: string, fold: () => void) {
    const image = make("img", { alt: "Ground truth", src: mask });
    const large = make("button", { type: "button", class: "truth-size", "aria-label": "Ground truth: larger or smaller", "aria-pressed": "false", onclick: () => {
      large.setAttribute("aria-pressed", String(this.root.classList.toggle("large")));
    } }, make("span", { class: "layers" }, make("img", { alt: "", src: thumbnail }), image));
    this.root.append(make("figcaption", {}, "Ground truth",
      make("button", { type: "button", class: "icon", "aria-label": "Hide the ground truth", title: "Hide (T)", onclick: fold }, icon("close"))), large);
    image.addEventListener("error", () => { this.root.remove(); });
  }
}
