// The picture with its labels: four layers of the size of the screen, of which each frame draws what changed.
//
//   base   the picture and its heat map; changes with the view
//   ink    marked pixels and labelled blocks, one pixel a CSS pixel; a stroke renews the part it touched
//   lines  outlines of all shapes but the selected one
//   live   the selected shape, what is being drawn, the cursor; every frame
import { make } from "../dom";
import type { Desk } from "../go/desk";
import type { Upright } from "./upright";
import { drawLines } from "./pens";
import { Signal } from "../signal";
import { View } from "../view";

let measured = 0;

/** How long a frame's own work takes: read by the bench. */
function measure(start: number): void {
  if (++measured % 1000 === 0) performance.clearMeasures("label"); // a page may stay open for weeks
  performance.measure("label", { start, end: performance.now() });
}

type Layer = "base" | "ink" | "lines" | "live";

export class Sheet {
  readonly root: HTMLElement;
  /** A frame was drawn that may have changed what is said of the desk. */
  readonly drawn = new Signal();
  /** Drawn over the picture, under the labels. */
  heat?: { canvas: HTMLCanvasElement; opacity: number };

  private readonly canvases: Record<Layer, HTMLCanvasElement>;
  private readonly pens: Record<Layer, CanvasRenderingContext2D>;
  private picture?: Upright;
  private width = 0;
  private height = 0;
  private ratio = 1;
  private asked = 0;
  private looked = true; // the view changed since the last frame
  private lastLive: [number, number, number, number] = [0, 0, 0, 0];
  private pixels = new Uint8ClampedArray(0);
  private paneW = 0;
  private paneH = 0;

  constructor(private readonly desk: Desk, readonly view: View, size: { width: number; height: number }, private readonly until: AbortSignal) {
    const layer = (name: Layer) => make("canvas", { class: "layer " + name, "aria-hidden": "true" });
    this.canvases = { base: layer("base"), ink: layer("ink"), lines: layer("lines"), live: layer("live") };
    const pen = (c: HTMLCanvasElement) => c.getContext("2d")!;
    this.pens = { base: pen(this.canvases.base), ink: pen(this.canvases.ink), lines: pen(this.canvases.lines), live: pen(this.canvases.live) };
    this.root = make("div", { class: "sheet-pane" }, ...Object.values(this.canvases));
    this.width = size.width;
    this.height = size.height;
    view.moved.on(() => this.turn(), until);
    const observer = new ResizeObserver(() => this.resize());
    observer.observe(this.root);
    until.addEventListener("abort", () => { observer.disconnect(); cancelAnimationFrame(this.asked); }, { once: true });
  }

  get box(): { width: number; height: number } { return { width: this.paneW, height: this.paneH }; }
  get size(): { width: number; height: number } { return { width: this.width, height: this.height }; }
  get scale(): number { return this.view.place(this.box, this.size).scale; }

  show(picture: Upright): void {
    this.picture = picture;
    this.turn();
  }

  /** Draws anew what the desk says changed, at the next frame. */
  wake(): void {
    if (!this.until.aborted) this.asked ||= requestAnimationFrame(() => this.frame());
  }

  /** Draws everything anew, at the next frame. */
  turn(): void {
    this.looked = true;
    this.wake();
  }

  /** Tells the desk where the picture lies now: a pointer may come before the frame that would. */
  aim(): void {
    if (this.root.clientWidth !== this.paneW || this.root.clientHeight !== this.paneH) this.resize();
    if (this.looked && this.paneW && this.paneH) this.look();
  }

  private look(): { x: number; y: number; scale: number } {
    const at = this.view.place(this.box, this.size);
    this.desk.look(at.x, at.y, at.scale, this.paneW, this.paneH);
    return at;
  }

  private resize(): void {
    this.paneW = this.root.clientWidth;
    this.paneH = this.root.clientHeight;
    this.ratio = devicePixelRatio;
    for (const [name, canvas] of Object.entries(this.canvases)) {
      const ratio = name === "ink" ? 1 : this.ratio;
      const w = Math.max(Math.round(this.paneW * ratio), 1), h = Math.max(Math.round(this.paneH * ratio), 1);
      if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
    }
    this.turn();
  }

  private frame(): void {
    this.asked = 0;
    if (!this.paneW || !this.paneH) return;
    if (devicePixelRatio !== this.ratio) { this.resize(); return; }
    const start = performance.now();
    if (this.looked) {
      this.looked = false;
      const at = this.look();
      this.drawBase(at.x, at.y, at.scale);
    }
    this.drawInk();
    this.drawOutlines();
    this.drawLive();
    this.drawn.emit();
    measure(start);
  }

  private drawBase(x: number, y: number, scale: number): void {
    const pen = this.pens.base, r = this.ratio;
    pen.resetTransform();
    pen.clearRect(0, 0, pen.canvas.width, pen.canvas.height);
    this.picture?.draw(pen, x * r, y * r, scale * r);
    if (!this.heat || !this.picture) return;
    pen.globalAlpha = this.heat.opacity;
    pen.imageSmoothingEnabled = true;
    pen.imageSmoothingQuality = "low";
    pen.drawImage(this.heat.canvas, x * r, y * r, this.width * scale * r, this.height * scale * r);
    pen.globalAlpha = 1;
  }

  private drawInk(): void {
    const area = this.desk.ink((length) => {
      if (this.pixels.length < length) this.pixels = new Uint8ClampedArray(length);
      return new Uint8Array(this.pixels.buffer, 0, length);
    });
    if (!area) return;
    const [x, y, w, h, blank] = area;
    if (blank) this.pens.ink.clearRect(x, y, w, h);
    else this.pens.ink.putImageData(new ImageData(this.pixels.subarray(0, 4 * w * h), w, h), x, y);
  }

  private drawOutlines(): void {
    const list = this.desk.lines();
    if (!list) return;
    const pen = this.pens.lines, r = this.ratio;
    const [x, y, w, h] = list;
    pen.save();
    pen.setTransform(r, 0, 0, r, 0, 0);
    pen.clearRect(x, y, w, h);
    if (w < this.paneW || h < this.paneH) {
      pen.beginPath();
      pen.rect(x, y, w, h);
      pen.clip();
    }
    drawLines(pen, list, 4);
    pen.restore();
  }

  private drawLive(): void {
    const pen = this.pens.live, r = this.ratio;
    const [x0, y0, x1, y1] = this.lastLive;
    pen.setTransform(r, 0, 0, r, 0, 0);
    if (x1 >= x0) pen.clearRect(x0 - 2, y0 - 2, x1 - x0 + 4, y1 - y0 + 4);
    this.lastLive = drawLines(pen, this.desk.live(), 0);
  }
}
