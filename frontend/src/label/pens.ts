// How the lines of a desk are drawn. Each is drawn twice, dark and wide, then bright and thin, so that it is seen on any
// picture; what a line means is told by its dashes as well as by its colour.
import { Style } from "../go/words";

interface Pen { line: string; width: number; halo?: string; fill?: string; dash?: number[]; open?: boolean }

const halo = "rgba(0, 0, 0, 0.6)";

const pens: Partial<Record<number, Pen>> = {
  [Style.box]: { line: "#ffd84d", width: 1.5, halo }, // box
  [Style.polygon]: { line: "#ff9f4d", width: 1.5, halo, fill: "rgba(255, 138, 46, 0.28)" }, // polygon
  [Style.proposed]: { line: "#7df9ff", width: 1.5, halo, dash: [6, 4] }, // proposal
  [Style.selected]: { line: "#ffffff", width: 2, halo }, // selected
  [Style.hover]: { line: "#ffffff", width: 1.5, halo, dash: [3, 3] }, // would be selected
  [Style.drawn]: { line: "#ffd84d", width: 1.5, halo, fill: "rgba(255, 216, 77, 0.12)" }, // being drawn
  [Style.open]: { line: "#ffd84d", width: 1.5, halo, open: true }, // being drawn, open
  [Style.stem]: { line: "#ffffff", width: 1.5, halo, open: true }, // stem of the handle for turning
  [Style.cell]: { line: "#ffffff", width: 1, halo }, // block under the cursor
};

const { handle, brush, cross, point: firstPoint, not } = Style;

/** Draws lines from a place of the list on. Gives the bounds of what was drawn: left, top, right, bottom. */
export function drawLines(pen: CanvasRenderingContext2D, list: Float32Array, from: number): [number, number, number, number] {
  let x0 = Infinity, y0 = Infinity, x1 = -Infinity, y1 = -Infinity;
  const grow = (x: number, y: number, by: number) => {
    x0 = Math.min(x0, x - by); y0 = Math.min(y0, y - by); x1 = Math.max(x1, x + by); y1 = Math.max(y1, y + by);
  };
  for (let i = from; i < list.length;) {
    const style = list[i], n = list[i + 1], at = i + 2;
    if (style === handle || style === brush || style === cross || style === firstPoint || style === not) {
      const x = list[at], y = list[at + 1], r = style === brush ? list[at + 2] : 14;
      grow(x, y, r + 3);
      mark(pen, style, x, y, r);
      i = at + 2 * n;
      continue;
    }
    const first = i;
    while (i < list.length && list[i] === style) {
      const end = i + 2 + 2 * list[i + 1];
      for (i += 2; i < end; i += 2) grow(list[i], list[i + 1], 4);
    }
    drawRun(pen, pens[style]!, list, first, i);
  }
  return [x0, y0, x1, y1];
}

/** Draws lines of one style: all their fills, then all halos, then all lines, so that the pen is changed three times. */
function drawRun(pen: CanvasRenderingContext2D, how: Pen, list: Float32Array, from: number, to: number): void {
  if (how.fill) {
    pen.fillStyle = how.fill;
    each(pen, how, list, from, to, true);
  }
  if (how.halo) strokeAll(pen, how, list, from, to, how.halo, how.width + 2, []);
  strokeAll(pen, how, list, from, to, how.line, how.width, how.dash ?? []);
}

function strokeAll(pen: CanvasRenderingContext2D, how: Pen, list: Float32Array, from: number, to: number, line: string, width: number, dash: number[]): void {
  pen.setLineDash(dash);
  pen.lineWidth = width;
  pen.strokeStyle = line;
  each(pen, how, list, from, to, false);
}

/** Fills or strokes each outline by itself: a path of many is slow to draw, and for upright boxes there is a quick way. */
function each(pen: CanvasRenderingContext2D, how: Pen, list: Float32Array, from: number, to: number, fill: boolean): void {
  for (let i = from; i < to;) {
    const n = list[i + 1], at = i + 2;
    i = at + 2 * n;
    if (n === 4 && !how.open && list[at + 1] === list[at + 3] && list[at] === list[at + 6]) {
      if (fill) pen.fillRect(list[at], list[at + 1], list[at + 4] - list[at], list[at + 5] - list[at + 1]);
      else pen.strokeRect(list[at], list[at + 1], list[at + 4] - list[at], list[at + 5] - list[at + 1]);
      continue;
    }
    pen.beginPath();
    for (let j = at; j < i; j += 2) {
      if (j === at) pen.moveTo(list[j], list[j + 1]);
      else pen.lineTo(list[j], list[j + 1]);
    }
    if (!how.open) pen.closePath();
    if (fill) pen.fill("evenodd");
    else pen.stroke();
  }
}

function stroke(pen: CanvasRenderingContext2D, how: Pen): void {
  pen.setLineDash([]);
  if (how.fill) {
    pen.fillStyle = how.fill;
    pen.fill();
  }
  if (how.halo) {
    pen.lineWidth = how.width + 2;
    pen.strokeStyle = how.halo;
    pen.stroke();
  }
  pen.lineWidth = how.width;
  pen.strokeStyle = how.line;
  pen.stroke();
}

function mark(pen: CanvasRenderingContext2D, style: number, x: number, y: number, r: number): void {
  pen.beginPath();
  switch (style) {
    case handle: pen.rect(x - 4, y - 4, 8, 8); break;
    case firstPoint: pen.arc(x, y, 6, 0, 2 * Math.PI); break;
    case not: pen.arc(x, y, 6, 0, 2 * Math.PI); pen.moveTo(x - 3.5, y); pen.lineTo(x + 3.5, y); break;
    case brush: pen.arc(x, y, Math.max(r, 1), 0, 2 * Math.PI); break;
    case cross:
      pen.moveTo(x - 12, y); pen.lineTo(x - 3, y); pen.moveTo(x + 3, y); pen.lineTo(x + 12, y);
      pen.moveTo(x, y - 12); pen.lineTo(x, y - 3); pen.moveTo(x, y + 3); pen.lineTo(x, y + 12);
      break;
  }
  stroke(pen, style === handle || style === firstPoint ? { line: "#1a2026", width: 1.5, fill: "#ffffff" } : style === not ? { line: "#ffffff", width: 1.5, halo, fill: "#1a2026" } : { line: "#ffffff", width: 1.5, halo });
}
