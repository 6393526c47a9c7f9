// What the labelling screen says: names of tools, times, what came of an action.
import { plural } from "../dom";
import type { DeskState, Shape } from "../go/desk";
import type { Outcome, Tool } from "../go/words";

export interface ToolText { name: string; key: string; hint: string }

/** The tools of the bar, in its order. */
export const tools: Partial<Record<Tool, ToolText>> = {
  select: { name: "Select", key: "V", hint: "Click a shape; click again for the one behind it. Drag to move, pull its handles to resize and turn." },
  box: { name: "Box", key: "B", hint: "Drag a box close around the defect. Shift: square." },
  rotated: { name: "Rotated box", key: "R", hint: "Drag along the defect, then move aside and click. Shift: steps of 15°." },
  block8: { name: "Blocks 8", key: "G", hint: "Paint defective blocks; a stroke that starts on one takes it away. Shift: normal blocks." },
  block16: { name: "Blocks 16", key: "H", hint: "Paint defective blocks; a stroke that starts on one takes it away. Shift: normal blocks." },
  brush: { name: "Pixel brush", key: "D", hint: "Paint the defect's pixels. Ctrl or Alt: erase." },
  polygon: { name: "Polygon", key: "L", hint: "Click point by point, or drag around. Enter or a click on the first point closes it." },
  eraser: { name: "Eraser", key: "E", hint: "Rub out pixels and blocks; click a shape to delete it." },
  clicks: { name: "Clicks to a region", key: "K", hint: "Click on the defect: a region grows. Click on what is missing; with Shift on what is too much. Enter accepts." },
};

/** What time is spent on. */
export const spentOn: Record<Tool, string> = {
  select: "Select", box: "Boxes", rotated: "Rotated boxes", block8: "Blocks 8", block16: "Blocks 16", brush: "Pixel brush", polygon: "Polygons",
  eraser: "Eraser", normal: "Normal", propose: "Proposals", clicks: "Clicks",
};

/** A time of work: 0:07.3, 12:41. */
export function clock(ms: number): string {
  const s = ms / 1000, m = Math.floor(s / 60);
  return m < 10 ? `${m}:${(Math.floor(s * 10) / 10 % 60).toFixed(1).padStart(4, "0")}` : `${m}:${String(Math.floor(s % 60)).padStart(2, "0")}`;
}

const round = (v: number): string => String(Math.round(v * 10) / 10);

export function shapeText(s: Shape): string {
  const what = s.points ? `polygon of ${s.points} points` : s.angle ? "rotated box" : "box";
  const turn = s.angle ? `, ${round((s.angle * 180 / Math.PI + 180) % 360 - 180)}°` : "";
  return `${s.proposed ? "proposed " : ""}${what}${s.name ? ` “${s.name}”` : ""}, ${round(s.w)} × ${round(s.h)} at ${round(s.x)}, ${round(s.y)}${turn}`;
}

const capital = (s: string): string => s.charAt(0).toUpperCase() + s.slice(1);

/** What the labels are, in a line. */
export function sumText(s: DeskState): string {
  const parts = s.normal ? ["Normal: no defect"] : [];
  if (s.shapes - s.proposed) parts.push(plural(s.shapes - s.proposed, "shape"));
  if (s.blocks) parts.push(plural(s.blocks, "block"));
  if (s.pixels) parts.push(`${s.pixels.toLocaleString()} px`);
  if (s.proposed) parts.push(plural(s.proposed, "proposal"));
  return parts.join(", ") || "Not labelled";
}

/** What is told of an outcome to those who do not see it; "" for nothing. */
export function outcomeText(o: Outcome, s: DeskState): string {
  const at = s.selected ? `${capital(shapeText(s.selected))}, ${s.place} of ${s.shapes}.` : "";
  switch (o) {
    case "added": return `Added: ${s.selected ? shapeText(s.selected) : "shape"}.`;
    case "moved": case "chosen": return at || "Nothing is selected.";
    case "deleted": return "Deleted.";
    case "stroked": return sumText(s) + ".";
    case "pointed": return `${plural(s.points, "point")}.`;
    case "grown": return `${plural(s.clicks, "click")}: a region of ${s.grown.toLocaleString()} px. Enter accepts it.`;
    case "noDefect": return "Click on the defect first, without Shift.";
    case "noPicture": return "The picture is not there yet.";
    case "pressed": return "Pressed: arrows draw, Space ends.";
    case "accepted": return `Accepted. ${at || plural(s.proposed, "proposal") + " left."}`;
    case "dismissed": return `Dismissed. ${at || plural(s.proposed, "proposal") + " left."}`;
    case "tooSmall": return "Too small: nothing was added.";
    case "full": return "This picture holds as many labels as it can.";
    case "noMap": return "There is no heat map yet.";
    case "cold": return "The heat map is nowhere that hot.";
    case "done": return sumText(s) + "." + (at ? " " + at : "");
    case "nothingToDo": return "";
    case "silent": return "";
  }
}
