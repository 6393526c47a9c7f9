// A picture to draw labels on, whatever its size: decoded once, halved again and again, and drawn part by part at the
// screen's resolution from the level that fits. No canvas is ever larger than the screen.
import { turned } from "../go/desk";
import { headSize } from "../go/words";

/** The longest side, in pixels, below which no smaller level is made. */
const smallest = 1200;

/** How stored pixels (x, y) of a w x h file come to lie upright, by EXIF orientation: a, b, c, d, e, f of a canvas. */
function turn(orientation: number, w: number, h: number): [number, number, number, number, number, number] {
  switch (orientation) {
    case 2: return [-1, 0, 0, 1, w, 0];
    case 3: return [-1, 0, 0, -1, w, h];
    case 4: return [1, 0, 0, -1, 0, h];
    case 5: return [0, 1, 1, 0, 0, 0];
    case 6: return [0, 1, -1, 0, h, 0];
    case 7: return [0, -1, -1, 0, h, w];
    case 8: return [0, -1, 1, 0, 0, w];
  }
  return [1, 0, 0, 1, 0, 0];
}

export class Upright {
  /** The stored picture, then halves of it. */
  private readonly levels: ImageBitmap[];

  private constructor(first: ImageBitmap, private readonly orientation: number, readonly width: number, readonly height: number) {
    this.levels = [first];
  }

  /** Decodes a file. It rejects where the browser cannot. */
  static async decode(file: Blob): Promise<Upright> {
    let orientation = 1;
    // Browsers differ in which formats they turn; without the mark all hand out the stored pixels.
    const found = turned(new Uint8Array(await file.slice(0, headSize).arrayBuffer()));
    if (found) {
      orientation = found[0];
      file = new Blob([found[1], file.slice(found[1].length)], { type: file.type });
    }
    const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
    const across = orientation > 4;
    return new Upright(bitmap, orientation, across ? bitmap.height : bitmap.width, across ? bitmap.width : bitmap.height);
  }

  /** Makes the smaller levels; changed is called after each. */
  async halve(changed: () => void, until: AbortSignal): Promise<void> {
    for (;;) {
      const last = this.levels[this.levels.length - 1];
      if (until.aborted || Math.max(last.width, last.height) <= smallest) return;
      await new Promise((resolve) => setTimeout(resolve)); // each takes some milliseconds of the page's own time
      if (until.aborted) return;
      const next = await createImageBitmap(last, {
        resizeWidth: Math.max(last.width >> 1, 1), resizeHeight: Math.max(last.height >> 1, 1), resizeQuality: "medium" });
      if (until.aborted) { next.close(); return; }
      this.levels.push(next);
      changed();
    }
  }

  /** Draws what is seen of the picture, which lies at (x, y) with a scale, all in pixels of the canvas. */
  draw(pen: CanvasRenderingContext2D, x: number, y: number, scale: number): void {
    const stored = this.levels[0];
    let level = stored;
    for (const l of this.levels) if (l.width / stored.width >= scale) level = l;
    const shrink = stored.width / level.width;
    const { width: cw, height: ch } = pen.canvas;
    pen.save();
    pen.beginPath();
    pen.rect(x, y, this.width * scale, this.height * scale);
    pen.clip();
    pen.fillStyle = "#fff"; // what is transparent was scored over white
    pen.fillRect(Math.max(x, 0), Math.max(y, 0), cw, ch);
    // From three screen pixels a picture pixel on, pixels are to be seen as such.
    pen.imageSmoothingEnabled = scale < 3;
    pen.imageSmoothingQuality = "low"; // the levels are smoothed already
    if (this.orientation === 1) {
      // Only the part that is seen is handed over.
      const left = Math.max(Math.floor(-x / scale / shrink) - 1, 0), top = Math.max(Math.floor(-y / scale / shrink) - 1, 0);
      const right = Math.min(Math.ceil((cw - x) / scale / shrink) + 1, level.width), bottom = Math.min(Math.ceil((ch - y) / scale / shrink) + 1, level.height);
      if (right > left && bottom > top) {
        const s = shrink * scale, t = this.height * scale / level.height;
        pen.drawImage(level, left, top, right - left, bottom - top, x + left * s, y + top * t, (right - left) * s, (bottom - top) * t);
      }
    } else {
      pen.translate(x, y);
      pen.scale(scale, scale);
      pen.transform(...turn(this.orientation, stored.width, stored.height));
      pen.drawImage(level, 0, 0, stored.width, stored.height);
    }
    pen.restore();
  }

  /** The picture drawn so small, RGBA. */
  small(w: number, h: number): Uint8ClampedArray {
    const pen = new OffscreenCanvas(w, h).getContext("2d", { willReadFrequently: true })!;
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, w, h);
    pen.imageSmoothingQuality = "high";
    if (this.orientation !== 1) {
      pen.scale(w / this.width, h / this.height);
      pen.transform(...turn(this.orientation, this.levels[0].width, this.levels[0].height));
      pen.drawImage(this.levels[0], 0, 0);
    } else pen.drawImage(this.levels[0], 0, 0, w, h);
    return pen.getImageData(0, 0, w, h).data;
  }

  close(): void { for (const l of this.levels) l.close(); }
}
