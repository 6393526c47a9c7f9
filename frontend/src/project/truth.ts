// Ground truth from mask files, matched to pictures by their names.
import * as api from "../api";
import { plural } from "../dom";
import type { Found } from "../files";

const fold = (name: string): string => name.normalize("NFC").toLowerCase();
const stem = (name: string): string => fold(name.split("/").pop()!).replace(/\.[^.]*$/, "");
/** Folders that only tell masks from pictures. */
const neutral = /^(ground_?truth|gt|masks?|labels?|images?)$/;
const folder = (path: string): string => path.split("/").slice(0, -1).map(fold).filter((f) => !neutral.test(f)).pop() ?? "";

/** The picture that a mask is of, if there is exactly one: by the folder that both came in, else by a name that one alone has. */
export function maskOf(mask: string, pictures: api.Picture[]): api.Picture | undefined {
  const name = stem(mask).replace(/[_\-. ](mask|truth|gt|label)$/, ""), place = folder(mask);
  const came = (p: api.Picture): string => folder(p.path ?? p.name) || fold(p.kind ?? "");
  const fit = pictures.filter((p) => stem(p.path ?? p.name) === name || stem(p.name) === name);
  const near = place ? fit.filter((p) => came(p) === place) : [];
  if (near.length) return near.length === 1 ? near[0] : undefined;
  // A mask of another folder's picture is not this one's, though they are called alike.
  if (place && pictures.some((p) => came(p) === place)) return undefined;
  return fit.length === 1 ? fit[0] : undefined;
}

/** Sends masks, and says what became of them. */
export async function addTruths(project: string, pictures: api.Picture[], found: Found[]): Promise<string> {
  let set = 0;
  const lost: string[] = [];
  for (const { name, file } of found) {
    const p = maskOf(name, pictures);
    if (!p) { lost.push(`no picture, or several, are called like ${name}`); continue; }
    try {
      await api.raw("PUT", api.at("projects", project, "pictures", p.id, "truth"), { body: file, headers: { "Content-Type": file.type || "application/octet-stream" } });
      set++;
    } catch (error) { lost.push(`${name}: ${api.why(error)}`); }
  }
  const more = lost.length > 1 ? ` And ${plural(lost.length - 1, "mask")} more.` : "";
  return `${plural(set, "mask")} added.${lost.length ? ` Not taken: ${lost[0]}.${more}` : ""}`;
}
