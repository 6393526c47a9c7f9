// Files that people give the page: picked, or dropped, with all that is in folders.

const picture = /\.(jpe?g|jpe|jfif|png|webp|gif|bmp|tiff?)$/i;
/** More files than this at a time are a mistake, such as a whole disk. */
export const most = 5000;

export interface Found { name: string; file: File; chosen: boolean } // chosen: by the user, not found in a folder

/** What is a picture. Of folders, other files are left out; files chosen one by one always get an answer. */
export function sift(found: Found[]): Found[] {
  return found.filter(({ name, file, chosen }) =>
    chosen || (!name.split("/").pop()!.startsWith(".") && (picture.test(name) || file.type.startsWith("image/"))));
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
