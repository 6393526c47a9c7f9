// Addresses of pictures' files, for showing them.
import type { Picture } from "./album";

/** Object URLs of the pictures looked at last: a decoded picture in the browser's cache makes stepping back instant. */
const urls = new Map<number, string>();

export function urlOf(p: Picture): string {
  let url = urls.get(p.id);
  if (url) urls.delete(p.id); // to the end of the line
  else url = URL.createObjectURL(p.file);
  urls.set(p.id, url);
  for (const [id, old] of urls) {
    if (urls.size <= 6) break;
    urls.delete(id);
    URL.revokeObjectURL(old);
  }
  return url;
}
