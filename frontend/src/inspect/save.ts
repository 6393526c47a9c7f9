// What leaves the page: the picture with its heat map as PNG, all results as CSV.
import * as album from "./album";
import { $ } from "../dom";
import { note } from "../note";
import { settings } from "../settings";
import { main } from "./stage";

/** Longest side of a saved overlay, pixels: larger pictures are made smaller, since canvases end at some size. */
const longest = 4096;

function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const a = document.createElement("a");
  a.href = url;
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser reads it after the click
}

/** A file name without folders, extension, and what systems do not like. */
function stem(name: string): string {
  const base = name.split("/").pop()!.replace(/\.[^.]*$/, "");
  return base.replace(/[\u0000-\u001f<>:"/\\|?*]/g, "_").slice(0, 120) || "picture";
}

export function overlayPNG(): void {
  const pane = main(), p = album.current(), size = pane.size;
  if (!p || !size || !pane.image) { note("There is no picture to save."); return; }
  if (!p.scores) { note("This picture has no heat map yet."); return; }
  const scale = Math.min(1, longest / Math.max(size.width, size.height));
  const canvas = document.createElement("canvas");
  const w = canvas.width = Math.round(size.width * scale), h = canvas.height = Math.round(size.height * scale);
  const pen = canvas.getContext("2d", { alpha: false });
  if (!pen) { note("The browser has no memory left for the picture."); return; }
  pen.fillStyle = "#fff"; // what is transparent was scored over white
  pen.fillRect(0, 0, w, h);
  pen.imageSmoothingQuality = "high";
  pane.drawHeat(); // as of now: the frame that shows it may be still to come
  pen.drawImage(pane.image, 0, 0, w, h);
  if (settings.heat) {
    pen.globalAlpha = settings.opacity;
    pen.drawImage(pane.heat, 0, 0, w, h);
    pen.globalAlpha = 1;
  }
  if (settings.lines) pane.trace(pen, w, h, Math.max(1, Math.max(w, h) / 1200));
  canvas.toBlob((blob) => {
    if (!blob) { note("The browser could not make the PNG file."); return; }
    const name = stem(p.name) + "-heat.png";
    download(blob, name);
    note(`Saved ${name}.`);
  }, "image/png");
}

export function resultsCSV(): void {
  const bytes = album.all().length ? album.csv() : undefined;
  if (!bytes) { note("There are no results to save."); return; }
  download(new Blob([bytes], { type: "text/csv;charset=utf-8" }), "semirest-results.csv");
  note("Saved semirest-results.csv.");
}

export function begin(): void {
  $("save-png").addEventListener("click", overlayPNG);
  $("save-csv").addEventListener("click", resultsCSV);
  const allow = () => {
    $<HTMLButtonElement>("save-png").disabled = !album.current()?.scores;
    $<HTMLButtonElement>("save-csv").disabled = !album.all().length;
  };
  album.listed.on(allow);
  album.updated.on(allow);
  album.selected.on(allow);
  allow();
}
