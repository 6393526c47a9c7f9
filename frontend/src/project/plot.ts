// Plots: lines and dots over two axes, as SVG that follows its box's size. Everything that is drawn is named, and a table
// beside the plot is the caller's to give.
import { make } from "../dom";

const ns = "http://www.w3.org/2000/svg";

export interface Series {
  name: string;
  tone: string; // a class that sets --tone, and for dots their shape: see style/plot.css
  points: readonly (readonly [x: number, y: number])[];
  as: "line" | "dots" | "both" | "steps";
  labels?: string[]; // of each dot, shown when it is pointed at
}

export interface Axis { label: string; min?: number; max?: number; whole?: boolean; format: (v: number) => string } // whole: of counts

/** Draws into a box, and again when its size changes, until it is aborted. */
export class Plot {
  readonly root = make("figure", { class: "plot" });
  private readonly svg: SVGSVGElement;
  private series: Series[] = [];
  private legend = make("figcaption", { class: "legend" });
  /** The axes' ends as drawn last, and the drawing's frame in CSS pixels. */
  frame = { x0: 0, x1: 1, y0: 0, y1: 1, left: 0, right: 1, top: 0, bottom: 1 };
  /** Drawn over the plot by its owner. */
  over: ((svg: SVGSVGElement) => void) | undefined;

  constructor(private title: string, public x: Axis, private y: Axis, private height: number, until: AbortSignal) {
    this.svg = document.createElementNS(ns, "svg");
    this.svg.setAttribute("role", "img");
    this.root.append(this.svg, this.legend);
    const sized = new ResizeObserver(() => this.draw());
    sized.observe(this.root);
    until.addEventListener("abort", () => sized.disconnect());
  }

  get element(): SVGSVGElement { return this.svg; }

  show(series: Series[], text: string): void {
    this.series = series;
    this.svg.setAttribute("aria-label", `${this.title}. ${text}`);
    this.legend.replaceChildren(...(series.length > 1 ? series.map((s) => make("span", { class: "key " + s.tone, "data-as": s.as }, make("i"), s.name)) : []));
    this.draw();
  }

  toX(v: number): number { const f = this.frame; return f.left + (v - f.x0) / (f.x1 - f.x0 || 1) * (f.right - f.left); }
  toY(v: number): number { const f = this.frame; return f.bottom - (v - f.y0) / (f.y1 - f.y0 || 1) * (f.bottom - f.top); }
  fromX(px: number): number { const f = this.frame; return f.x0 + (px - f.left) / (f.right - f.left || 1) * (f.x1 - f.x0); }

  draw(): void {
    const width = Math.floor(this.root.clientWidth), height = this.height;
    if (!width) return;
    const all = this.series.flatMap((s) => s.points);
    const [xs, x0, x1] = scale(all.map((p) => p[0]), this.x, Math.max(3, Math.floor(width / 110)));
    const [ys, y0, y1] = scale(all.map((p) => p[1]), this.y, Math.max(3, Math.floor(height / 44)));
    const f = this.frame = { x0, x1, y0, y1, left: 46, right: width - 14, top: 10, bottom: height - 38 };
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.setAttribute("width", String(width));
    this.svg.setAttribute("height", String(height));
    this.svg.replaceChildren();
    for (const v of ys) {
      this.line(f.left, this.toY(v), f.right, this.toY(v), "grid-line");
      this.text(f.left - 6, this.toY(v) + 4, this.y.format(v), "end");
    }
    for (const v of xs) {
      this.line(this.toX(v), f.bottom, this.toX(v), f.bottom + 4, "axis-line");
      this.text(this.toX(v), f.bottom + 16, this.x.format(v), "middle");
    }
    this.line(f.left, f.bottom, f.right, f.bottom, "axis-line");
    this.text((f.left + f.right) / 2, height - 4, this.x.label, "middle", "axis-name");
    this.text(f.left, f.top - 1, "", "start");
    const name = this.text(12, (f.top + f.bottom) / 2, this.y.label, "middle", "axis-name");
    name.setAttribute("transform", `rotate(-90 12 ${(f.top + f.bottom) / 2})`);
    for (const s of this.series) this.drawSeries(s);
    this.over?.(this.svg);
  }

  private drawSeries(s: Series): void {
    const points = s.points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y)).map(([x, y]) => [this.toX(x), this.toY(y)]);
    if (s.as !== "dots" && points.length > 1) {
      const path = points.map(([x, y], i) => i === 0 ? `M${x.toFixed(1)} ${y.toFixed(1)}` : s.as === "steps" ? `H${x.toFixed(1)}V${y.toFixed(1)}` : `L${x.toFixed(1)} ${y.toFixed(1)}`).join("");
      this.add("path", { d: path, class: "series " + s.tone });
    }
    if (s.as === "line" || s.as === "steps") return;
    for (const [i, [x, y]] of points.entries()) {
      const dot = this.add("path", { d: shape(s.tone, x, y), class: "dot " + s.tone });
      if (s.labels?.[i]) dot.append(Object.assign(document.createElementNS(ns, "title"), { textContent: s.labels[i] }));
    }
  }

  private add(tag: string, attributes: Record<string, string>): SVGElement {
    const e = document.createElementNS(ns, tag);
    for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
    this.svg.append(e);
    return e;
  }

  private line(x1: number, y1: number, x2: number, y2: number, name: string): void {
    this.add("path", { d: `M${x1} ${y1.toFixed(1)}L${x2} ${y2.toFixed(1)}`, class: name });
  }

  private text(x: number, y: number, text: string, anchor: string, name = ""): SVGElement {
    const e = this.add("text", { x: String(x), y: String(y), "text-anchor": anchor, class: name });
    e.textContent = text;
    return e;
  }
}

/** A dot's outline: the granules differ in shape as well as in colour. */
function shape(tone: string, x: number, y: number): string {
  const p = (dx: number, dy: number) => `${(x + dx).toFixed(1)} ${(y + dy).toFixed(1)}`;
  if (tone.includes("block")) return `M${p(-5, -5)}L${p(5, -5)}L${p(5, 5)}L${p(-5, 5)}Z`;
  if (tone.includes("pixel")) return `M${p(0, -6.5)}L${p(6, 5)}L${p(-6, 5)}Z`;
  if (tone.includes("none")) return `M${p(0, -6)}L${p(6, 0)}L${p(0, 6)}L${p(-6, 0)}Z`;
  return `M${p(-5, 0)}A5 5 0 1 1 ${p(5, 0)}A5 5 0 1 1 ${p(-5, 0)}Z`;
}

/** An axis' round values and its ends: those that are asked for, or round ones. */
export function scale(values: number[], axis: Axis, n: number): [ticks: number[], low: number, high: number] {
  const all = ticks(bounds(values, axis), n).filter((v) => !axis.whole || Number.isInteger(v)), low = axis.min ?? all[0], high = Math.max(axis.max ?? all.at(-1)!, low + 1e-9);
  return [all.filter((v) => v >= low - 1e-9 && v <= high + 1e-9), low, high];
}

function bounds(values: number[], axis: Axis): [number, number] {
  const finite = values.filter(Number.isFinite);
  let low = axis.min ?? (finite.length ? Math.min(...finite) : 0), high = axis.max ?? (finite.length ? Math.max(...finite) : 1);
  if (high <= low) [low, high] = [Math.min(low, 0), Math.max(low + 1, 1)];
  return [low, high];
}

/** Round values that hold the bounds between them, about n of them. */
export function ticks([low, high]: [number, number], n: number): number[] {
  const raw = (high - low) / Math.max(n - 1, 1), power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 2.5, 5, 10].find((m) => m * power >= raw * 0.999) ?? 10);
  const first = Math.floor(low / step + 1e-9), last = Math.ceil(high / step - 1e-9), out: number[] = [];
  for (let k = first; k <= last; k++) out.push(Number((k * step).toPrecision(12)));
  return out;
}
