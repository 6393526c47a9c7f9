// Ways in: files and folders picked or dropped, and pasted pictures. Every way ends in take.
import * as album from "./album";
import { $, plural } from "./dom";
import { note } from "./note";
import { inspecting } from "./router";

const picture = /\.(jpe?g|jfif|png|webp|gif|bmp)$/i;
/** More files than this at a time are a mistake, such as a whole disk. */
const most = 5000;

export interface Found { name: string; file: File; chosen: boolean } // chosen: by the user, not found in a folder

/** What is a picture. Of folders, other files are left out; files chosen one by one always get an answer. */
export function sift(found: Found[]): Found[] {
  return found.filter(({ name, file, chosen }) =>
    chosen || (!name.split("/").pop()!.startsWith(".") && (picture.test(name) || file.type.startsWith("image/"))));
}

function take(found: Found[]): void {
  const wanted = sift(found);
  const list = wanted.slice(0, most);
  album.add(list.map(({ name, file }) => ({ name, file })), list.length > 0);
  const left = found.length - wanted.length;
  const said = [];
  if (!wanted.length) said.push(found.length ? "No picture in there." : "Nothing to add.");
  else said.push(`${plural(list.length, "picture")} added.`);
  if (left && wanted.length) said.push(`${plural(left, "other file")} left out.`);
  if (wanted.length > most) said.push(`Only the first ${most} were taken; add the others later.`);
  note(said.join(" "));
}

/** Hands on what an input for files is given. */
export function fromInput(input: HTMLInputElement, take: (found: Found[]) => void): void {
  input.addEventListener("change", () => {
    take([...input.files ?? []].map((file) => ({ name: file.webkitRelativePath || file.name, file, chosen: !file.webkitRelativePath })));
    input.value = ""; // so that the same file can be picked again
  });
}

/** Reads what was dropped; folders with all that is in them. */
export async function fromDrop(data: DataTransfer): Promise<Found[]> {
  // The entries must be taken before the first await: the browser forgets them then.
  const entries = [...data.items].filter((i) => i.kind === "file").map((i) => i.webkitGetAsEntry?.() ?? null);
  const files = [...data.files];
  const found: Found[] = [];
  for (const [i, entry] of entries.entries()) {
    if (entry?.isDirectory) await walk(entry as FileSystemDirectoryEntry, found);
    else if (files[i]) found.push({ name: files[i].name, file: files[i], chosen: true });
  }
  return found;
}

async function walk(folder: FileSystemDirectoryEntry, found: Found[]): Promise<void> {
  const reader = folder.createReader();
  while (found.length <= 4 * most) {
    // A folder's entries come in batches, the last one empty.
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (!batch.length) return;
    for (const entry of batch) {
      if (entry.isDirectory) await walk(entry as FileSystemDirectoryEntry, found);
      else {
        const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
        found.push({ name: entry.fullPath.replace(/^\//, ""), file, chosen: false });
      }
    }
  }
}

export const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;

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
