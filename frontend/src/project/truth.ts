// Ground truth from mask files, matched to pictures by their names.
import * as api from "../api";
import { plural } from "../dom";
import type { Found } from "../files";

const stem = (name: string): string => name.split("/").pop()!.replace(/\.[^.]*$/, "").toLowerCase();

/** The picture that a mask is of, if there is exactly one. */
export function maskOf(mask: string, pictures: api.Picture[]): api.Picture | undefined {
  const name = stem(mask).replace(/[_-](mask|truth|gt)$/, "");
  const fit = pictures.filter((p) => stem(p.name) === name);
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
      await api.raw("PUT", api.at("projects", project, "pictures", p.id, "truth"), { body: file, headers: { "Content-Type": "image/png" } });
      set++;
    } catch (error) { lost.push(`${name}: ${api.why(error)}`); }
  }
  const more = lost.length > 1 ? ` And ${plural(lost.length - 1, "mask")} more.` : "";
  return `${plural(set, "mask")} added.${lost.length ? ` Not taken: ${lost[0]}.${more}` : ""}`;
}
