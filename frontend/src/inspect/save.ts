// What leaves the page: one picture with its heat map as PNG, all results as CSV, and everything in one zip archive.
import * as album from "./album";
import { compose } from "./composed";
import { $, plural, say } from "../dom";
import { note } from "../note";
import * as shown from "./shown";
import { Zip } from "./zip";

/** Longest side of a saved overlay, pixels: canvases end at some size, and an archive of hundreds is to be of use. */
const longest = { one: 4096, many: 2048 };
const table = "semirest-results.csv";

function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const a = document.createElement("a");
  a.href = url;
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser reads it after the click
}

/** A part of a path without what systems do not like. */
const clean = (part: string): string => part.replace(/[\u0000-\u001f<>:"/\\|?*]/g, "_").replace(/^\.+$/, "_").slice(0, 120);

/** The overlay's file for a picture, in the picture's folders, under a name that is not taken. */
export function overlayName(name: string, taken: Set<string>): string {
  const parts = name.split("/").filter(Boolean).map(clean);
  const stem = [...parts.slice(0, -1), (parts.at(-1) ?? "").replace(/\.[^.]*$/, "") || "picture"].join("/");
  for (let n = 1; ; n++) {
    const path = `${stem}-heat${n > 1 ? ` ${n}` : ""}.png`;
    if (taken.has(path.toLowerCase())) continue; // systems differ in whether capitals count
    taken.add(path.toLowerCase());
    return path;
  }
}

const why = (error: unknown): string => error instanceof Error ? error.message : String(error);

export function overlayPNG(): void {
  const p = album.current();
  if (!p) { note("There is no picture to save."); return; }
  const name = overlayName(p.name.split("/").pop()!, new Set());
  compose(p, longest.one).then((png) => {
    download(png, name);
    note(`Saved ${name}.`);
  }, (error) => note(why(error)));
}

function csv(): Blob | undefined {
  const bytes = album.all().length ? album.csv() : undefined;
  return bytes && new Blob([bytes], { type: "text/csv;charset=utf-8" });
}

export function resultsCSV(): void {
  const file = csv();
  if (!file) { note("There are no results to save."); return; }
  download(file, table);
  note(`Saved ${table}.`);
}

let stopper: AbortController | undefined;

/** The overlays of the pictures that are shown, in their folders, and the table of all results. */
async function everything(): Promise<void> {
  if (stopper) { stopper.abort(); return; }
  const { signal } = stopper = new AbortController();
  const list = shown.list().filter((p) => p.scores), zip = new Zip(), taken = new Set([table]), failed: string[] = [];
  try {
    for (const [i, p] of list.entries()) {
      say($("save-all").lastElementChild!, `${i} of ${list.length}: stop`);
      let png: Blob;
      try {
        png = await compose(p, longest.many);
      } catch (error) {
        failed.push(`${p.name}: ${why(error)}`);
        continue;
      }
      if (signal.aborted) { note("Nothing was saved."); return; }
      await zip.add(overlayName(p.name, taken), png);
    }
    await zip.add(table, csv()!);
    if (failed.length) await zip.add("not-saved.txt", new Blob([failed.join("\n") + "\n"]));
    download(zip.finish(), "semirest-results.zip");
    note(`Saved ${plural(list.length - failed.length, "overlay")} and the table as semirest-results.zip.` +
      (failed.length ? ` ${plural(failed.length, "picture")} could not be: see not-saved.txt in it.` : ""));
  } catch (error) {
    note(`The archive could not be made: ${why(error)}. Show fewer pictures by the filter.`);
  } finally {
    stopper = undefined;
    allow();
  }
}

function allow(): void {
  const ready = shown.list().filter((p) => p.scores).length;
  $<HTMLButtonElement>("save-png").disabled = !album.current()?.scores;
  $<HTMLButtonElement>("save-csv").disabled = !album.all().length;
  if (stopper) return;
  $<HTMLButtonElement>("save-all").disabled = !ready;
  say($("save-all").lastElementChild!, ready > 1 ? `${plural(ready, "overlay")} and CSV (zip)` : "Overlays and CSV (zip)");
}

export function begin(): void {
  $("save-png").addEventListener("click", overlayPNG);
  $("save-csv").addEventListener("click", resultsCSV);
  $("save-all").addEventListener("click", () => void everything());
  for (const signal of [album.listed, album.selected, shown.news]) signal.on(allow);
  let soon = 0;
  album.updated.on(() => { soon ||= window.setTimeout(() => { soon = 0; allow(); }, 100); });
  allow();
}
