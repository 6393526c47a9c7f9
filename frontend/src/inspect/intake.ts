// The inspection's ways in: files and folders picked or dropped, and pasted pictures. Every way ends in take.
import * as album from "./album";
import { $, plural } from "../dom";
import { fromDrop, fromInput, hasFiles, most, sift, type Found } from "../files";
import * as passedOver from "./passed";
import { note } from "../note";
import { inspecting } from "../router";
import { set } from "../settings";

function take(found: Found[]): void {
  const { taken, passed } = sift(found);
  const list = taken.slice(0, most);
  for (const { name } of taken.slice(most)) passed.push({ name, why: `only ${most} are taken at a time: add it later` });
  passedOver.add(passed);
  if (list.length) set("filter", "all"); // what comes is seen
  album.add(list.map(({ name, file }) => ({ name, file })), list.length > 0);
  const said = [];
  if (!list.length) said.push(found.length ? "No picture in there." : "Nothing to add.");
  else said.push(`${plural(list.length, "picture")} added.`);
  if (passed.length) said.push(`${plural(passed.length, "file")} passed over: ${passedOver.some(passed)}.`);
  note(said.join(" "));
}

function dropping(): void {
  const cover = $("cover");
  let depth = 0;
  addEventListener("dragenter", (event) => {
    if (!hasFiles(event) || !inspecting()) return;
    event.preventDefault();
    depth++;
    cover.hidden = false;
  });
  addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    event.dataTransfer!.dropEffect = inspecting() || event.target instanceof Element && event.target.closest("[data-drops]") ? "copy" : "none";
  });
  addEventListener("dragleave", (event) => {
    if (hasFiles(event) && --depth <= 0) { depth = 0; cover.hidden = true; }
  });
  addEventListener("drop", (event) => {
    event.preventDefault(); // else the browser would leave the page and show the file
    depth = 0;
    cover.hidden = true;
    if (!event.dataTransfer || !inspecting()) return;
    fromDrop(event.dataTransfer).then(take, () => note("What was dropped cannot be read. Try 'Add a folder'."));
  });
}

let pasted = 0;

export function begin(): void {
  const files = $<HTMLInputElement>("pick-files"), folder = $<HTMLInputElement>("pick-folder");
  fromInput(files, take);
  fromInput(folder, take);
  $("add").addEventListener("click", () => files.click());
  $("add-folder").addEventListener("click", () => folder.click());
  for (const button of document.querySelectorAll<HTMLElement>("[data-press]")) {
    button.addEventListener("click", () => $(button.dataset.press!).click());
  }
  dropping();
  addEventListener("paste", (event) => {
    const list = [...event.clipboardData?.files ?? []];
    if (!list.length || !inspecting()) return;
    event.preventDefault();
    // A copied screenshot is called image.png, every time.
    take(list.map((file) => ({ name: file.name === "image.png" ? `pasted ${++pasted}.png` : file.name, file, chosen: true })));
  });
}
