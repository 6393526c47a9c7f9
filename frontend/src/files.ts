// Files that people give the page: picked, or dropped, with all that is in folders. None goes silently: what is not taken
// is passed over, by name and with the reason.

const picture = /\.(jpe?g|jpe|jfif|png|webp|bmp|tiff?)$/i;
/** More files than this at a time are a mistake, such as a whole disk. */
export const most = 5000;

/** A file; chosen: by the user, not found in a folder; lost says why it cannot be had. */
export interface Found { name: string; file: File; chosen: boolean; lost?: string }

/** A file that is not taken, and why, for people. */
export interface Passed { name: string; why: string }

/** Tells pictures from what is passed over. Of folders, other files are; files chosen one by one always get an answer. */
export function sift(found: Found[]): { taken: Found[]; passed: Passed[] } {
  const taken: Found[] = [], passed: Passed[] = [];
  for (const f of found) {
    const why = reason(f);
    if (why) passed.push({ name: f.name, why });
    else taken.push(f);
  }
  return { taken, passed };
}

function reason({ name, file, chosen, lost }: Found): string {
  if (lost || chosen) return lost ?? "";
  if (name.split("/").pop()!.startsWith(".")) return "hidden";
  if (picture.test(name)) return "";
  if (!file.type.startsWith("image/")) return "not a picture, by its name";
  return /^image\/(jpeg|png|webp|bmp|tiff)$/.test(file.type) ? "" : "a kind of picture that is not read here";
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
  const path = (entry: FileSystemEntry) => entry.fullPath.replace(/^\//, "");
  // One that cannot be read does not keep the others out.
  const lose = (entry: FileSystemEntry, lost: string) => found.push({ name: path(entry), file: new File([], entry.name), chosen: false, lost });
  for (;;) {
    if (found.length > 4 * most) { lose(folder, "too many files: the rest of this folder was not looked at"); return; }
    let batch: FileSystemEntry[];
    try {
      // A folder's entries come in batches, the last one empty.
      batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    } catch {
      lose(folder, "the folder cannot be read");
      return;
    }
    if (!batch.length) return;
    for (const entry of batch) {
      if (entry.isDirectory) { await walk(entry as FileSystemDirectoryEntry, found); continue; }
      try {
        const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
        found.push({ name: path(entry), file, chosen: false });
      } catch {
        lose(entry, "cannot be read");
      }
    }
  }
}

export const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
