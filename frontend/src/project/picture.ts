// What is to be said of a project's picture: how far its labels are, and what a project's pictures add up to.
import type { LabelState, Picture } from "../api";
import { plural } from "../dom";

/** A picture's name with the last folder that it came in, which tells those of one name apart. */
export const shownName = (p: Picture): string => (p.path ?? "").split("/").slice(-2).join("/") || p.name;

/** Whether somebody has labelled it, be it as normal. */
export const labelled = (p: Picture): boolean => !!p.labels && (p.labels.normal || marks(p.labels) > 0);

const marks = (s: LabelState): number => s.boxes + s.polygons + s.pixels + s.blocks;

/** What the labels of a picture amount to, in words. */
export function labelText(p: Picture): string {
  const s = p.labels;
  if (!s || !labelled(p)) return p.role === "normal" ? `${p.width} × ${p.height}` : "not labelled";
  if (s.normal) return "normal";
  const parts = [];
  if (s.boxes) parts.push(plural(s.boxes, "box", "boxes"));
  if (s.polygons) parts.push(plural(s.polygons, "polygon"));
  if (s.blocks) parts.push(plural(s.blocks, "block"));
  if (s.pixels) parts.push(`${s.pixels.toLocaleString()} px`);
  return parts.join(", ");
}

export const pictureMillis = (p: Picture): number => Object.values(p.labels?.millis ?? {}).reduce((s, v) => s + v, 0);
export const labelMillis = (list: Picture[]): number => list.reduce((s, p) => s + pictureMillis(p), 0);

/** What a project's pictures are. */
export interface Standing { normal: number; defective: number; unsaid: number; held: number }

export function standing(list: Picture[]): Standing {
  const s: Standing = { normal: 0, defective: 0, unsaid: 0, held: 0 };
  for (const p of list) {
    if (p.role === "normal") s.normal++;
    else if (p.role === "defective") s.defective++;
    else s.unsaid++;
    if (p.held) s.held++;
  }
  return s;
}
