// One view of one picture: the picture, its heat map over it, and lines over both. The picture and the map are scaled by
// CSS; lines are drawn at the screen's resolution, so they stay sharp. Tools that draw (labels) belong on that layer.
import type { Picture } from "./album";
import { make } from "../dom";
import { overlay } from "../go/overlay";
import { settings } from "../settings";
import { Signal } from "../signal";
import type { Box, Placed, View } from "../view";
import { strokeContours } from "./contours";
import { thresholdOf } from "./detector";
import { urlOf } from "./urls";

/** How long the Worker may have the processor to itself before the page decodes the same picture for display, in ms. */
const patience = 400;

export class Pane {
  readonly root: HTMLElement;
  picture?: Picture;
  readonly heat = make("canvas", { class: "heat" });
  /** Whether this pane may show a heat map. */
  warm = true;
  image?: HTMLImageElement;
  /** The picture's size became known. */
  readonly sized = new Signal();

  private readonly paper = make("div", { class: "paper" });
  private readonly lines = make("canvas", { class: "lines" });
  private readonly caption = make("div", { class: "caption" });
  private readonly message = make("div", { class: "message" });
  private pixels?: ImageData;
  private shown = -1; // version of the picture whose map the Go instance holds
  private wanted = false; // the picture's image is there or on its way
  private later = 0;

  /** number is the pane's number in the Go instance. */
  constructor(readonly number: number, private readonly view: View) {
    this.paper.append(this.heat);
    this.root = make("div", { class: "pane", tabindex: 0, role: "img", "aria-label": "No picture" },
      this.paper, this.lines, this.caption, this.message);
  }

  get box(): Box { return { width: this.root.clientWidth, height: this.root.clientHeight }; }

  /** The picture's size in upright pixels; undefined while it is not known. */
  get size(): Box | undefined {
    const p = this.picture;
    if (p?.width) return { width: p.width, height: p.height };
    if (this.image && this.image.naturalWidth) return { width: this.image.naturalWidth, height: this.image.naturalHeight };
    return undefined;
  }

  /** Shows a picture, or news of the one that is shown. */
  show(p: Picture | undefined): void {
    if (p?.id !== this.picture?.id) {
      this.shown = -1;
      this.wanted = false;
      this.image?.remove();
      this.image = undefined;
      clearTimeout(this.later);
      if (p) this.later = window.setTimeout(() => this.load(p), patience);
    }
    this.picture = p;
    if (p && p.state !== "waiting" && p.state !== "preparing") this.load(p);
  }

  /** Loads the picture's file for display. The browser decodes it at the size it is shown at. */
  private load(p: Picture): void {
    if (this.wanted || this.picture?.id !== p.id) return;
    this.wanted = true;
    const image = make("img", { alt: "", draggable: "false", decoding: "async", src: urlOf(p) });
    // What cannot be shown has failed in the Worker too, which says why.
    image.addEventListener("load", () => {
      if (this.picture?.id !== p.id) return;
      const sized = !!this.size;
      this.image = image;
      this.paper.prepend(image);
      if (!sized) this.sized.emit(); // the Worker has not told the size yet: there is something to lay out now
    });
  }

  /** Whether there is a map and it is to be seen. */
  get hot(): boolean { return this.warm && !!this.picture?.scores; }

  /** Puts the layers where the view says. */
  layOut(): Placed | undefined {
    const size = this.size;
    this.paper.hidden = !size;
    if (!size) return undefined;
    const at = this.view.place(this.box, size);
    const style = this.paper.style;
    style.width = size.width + "px";
    style.height = size.height + "px";
    style.transform = `translate(${at.x}px, ${at.y}px) scale(${at.scale})`;
    this.root.classList.toggle("close", at.scale * devicePixelRatio >= 3);
    return at;
  }

  /** Colours the map. Only the table look-up runs while the threshold moves. */
  drawHeat(): void {
    const go = overlay(), p = this.picture;
    const show = this.hot && settings.heat && !!go;
    this.heat.hidden = !show;
    if (!show || !p?.scores) return;
    if (!this.hold()) return;
    if (!this.pixels) return;
    go.paint(this.number, thresholdOf(p.detector), this.pixels.data);
    this.heat.getContext("2d")!.putImageData(this.pixels, 0, 0);
    this.heat.style.opacity = String(settings.opacity);
  }

  /** Gives the Go instance the picture's scores, unless it holds them. */
  private hold(): boolean {
    const go = overlay(), p = this.picture;
    if (!go || !p?.scores) return false;
    if (this.shown === p.version) return true;
    const size = go.set(this.number, p.rows, p.cols, p.block, p.scores, p.width, p.height);
    if (!size) return false;
    this.shown = p.version;
    if (!this.pixels || this.pixels.width !== size[0] || this.pixels.height !== size[1]) {
      [this.heat.width, this.heat.height] = size;
      this.pixels = new ImageData(size[0], size[1]);
    }
    return true;
  }

  /** Draws the contours at the threshold. */
  drawLines(): void {
    const ratio = devicePixelRatio, box = this.box;
    const w = Math.round(box.width * ratio), h = Math.round(box.height * ratio);
    if (this.lines.width !== w || this.lines.height !== h) [this.lines.width, this.lines.height] = [w, h];
    const pen = this.lines.getContext("2d")!;
    pen.clearRect(0, 0, w, h);
    const size = this.size;
    if (!size || !this.hot || !settings.lines || !this.hold()) return;
    const at = this.view.place(box, size);
    pen.setTransform(ratio, 0, 0, ratio, at.x * ratio, at.y * ratio);
    const flat = overlay()?.contours(this.number, thresholdOf(this.picture?.detector ?? ""));
    if (flat) strokeContours(pen, flat, size.width * at.scale, size.height * at.scale, 1);
    pen.resetTransform();
  }

  /** The map's value and the picture's pixel under a point of the pane. */
  under(x: number, y: number): { x: number; y: number; score?: number } | undefined {
    const size = this.size;
    if (!size) return undefined;
    const at = this.view.place(this.box, size);
    const px = (x - at.x) / at.scale, py = (y - at.y) / at.scale;
    if (px < 0 || py < 0 || px >= size.width || py >= size.height) return undefined;
    const score = this.picture?.scores && this.hold() ? overlay()?.at(this.number, px / size.width, py / size.height) : undefined;
    return { x: Math.floor(px), y: Math.floor(py), score };
  }

  /** Says beside the picture what it is, and for those who cannot see it. */
  describe(label: string, caption: string, message: string): void {
    this.root.setAttribute("aria-label", label);
    this.caption.textContent = caption;
    this.caption.hidden = !caption;
    this.message.textContent = message;
    this.message.hidden = !message;
  }
}
