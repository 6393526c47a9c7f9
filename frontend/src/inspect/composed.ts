// A picture with its heat map and contours in one canvas, as the view shows them: what is saved.
import type { Picture } from "./album";
import { make } from "../dom";
import { overlay } from "../go/overlay";
import { settings } from "../settings";
import { strokeContours } from "./contours";
import { thresholdOf } from "./detector";
import { urlOf } from "./urls";

/** This work's number in the Go instance, beside those of panes. */
const desk = 9;

/** The PNG file of a picture, its longest side at most so many pixels. Throws what went wrong, for people. */
export async function compose(p: Picture, side: number): Promise<Blob> {
  const go = overlay();
  if (!p.scores || !go) throw new Error("This picture has no heat map yet.");
  const image = make("img", { src: urlOf(p) });
  await image.decode().catch(() => { throw new Error("The browser cannot show this picture."); });
  const scale = Math.min(1, side / Math.max(p.width, p.height));
  const canvas = make("canvas", { width: Math.round(p.width * scale) || 1, height: Math.round(p.height * scale) || 1 });
  const pen = canvas.getContext("2d", { alpha: false }), { width: w, height: h } = canvas;
  const size = go.set(desk, p.rows, p.cols, p.block, p.scores, p.width, p.height);
  if (!pen || !size) throw new Error("The browser has no memory left for the picture.");
  pen.fillStyle = "#fff"; // what is transparent was scored over white
  pen.fillRect(0, 0, w, h);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(image, 0, 0, w, h);
  const threshold = thresholdOf(p.detector);
  if (settings.heat) {
    const pixels = new ImageData(size[0], size[1]), map = make("canvas", { width: size[0], height: size[1] });
    go.paint(desk, threshold, pixels.data);
    map.getContext("2d")!.putImageData(pixels, 0, 0);
    pen.globalAlpha = settings.opacity;
    pen.drawImage(map, 0, 0, w, h);
    pen.globalAlpha = 1;
  }
  const lines = settings.lines && go.contours(desk, threshold);
  if (lines) strokeContours(pen, lines, w, h, Math.max(1, Math.max(w, h) / 1200));
  return new Promise((resolve, reject) => canvas.toBlob((blob) => {
    if (blob) resolve(blob);
    else reject(new Error("The browser could not make the PNG file."));
  }, "image/png"));
}
