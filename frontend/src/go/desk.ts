// The labelling desks of the page's Go instance, with types. wasm/desk_js.go is the other end; the numbers are its.
import { overlay } from "./overlay";

/** The tools, in the numbers of shared/annot. */
export const Tool = {
  select: 0, box: 1, rotated: 2, blocks8: 3, blocks16: 4, brush: 5, polygon: 6, eraser: 7, normal: 8, propose: 9,
} as const;
export type ToolName = keyof typeof Tool;
export const toolNames = Object.keys(Tool) as ToolName[];

/** What a key or a button asks for; see client.Act. */
export const Act = {
  undo: 0, redo: 1, normal: 2, clear: 3, delete: 4, cancel: 5, confirm: 6, step: 7, create: 8, arrow: 9, grow: 10, turn: 11,
  press: 12, propose: 13, blocks: 14, accept: 15, dismiss: 16, fill: 17, rename: 18,
} as const;
export type ActName = keyof typeof Act;

/** What came of it; see client.Outcome. */
export const outcomes = ["silent", "nothing", "done", "added", "moved", "chosen", "stroked", "deleted", "pointed", "pressed",
  "small", "full", "no-map", "cold", "accepted", "dismissed"] as const;
export type Outcome = (typeof outcomes)[number];

/** The selected shape: its upright bounds' left top, and its own size. */
export interface Shape { id: number; proposed: boolean; points: number; x: number; y: number; w: number; h: number; angle: number; name: string }

export interface DeskState {
  revision: number; busy: boolean; canUndo: boolean; canRedo: boolean; normal: boolean; labelled: boolean;
  shapes: number; proposed: number; pixels: number; blocks: number; points: number; focusX: number; focusY: number;
  place: number; selected?: Shape; spent: number[];
}

/** The pointer's keys. */
export const Shift = 1, Other = 2;

type Bytes = Uint8Array<ArrayBuffer>;
type Ask = (what: number, desk: number, ...args: unknown[]) => unknown;

const ask: Ask = (what, desk, ...args) => (overlay() as unknown as { label: Ask } | undefined)?.label(what, desk, ...args);

const numbers = new Float64Array(39), asBytes = new Uint8Array(numbers.buffer);

/** Joins labels that two people drew on the same base, null where that is not known; undefined where one is damaged. */
export function merge(base: Bytes | null, mine: Bytes, theirs: Bytes): Bytes | undefined {
  return ask(20, 0, base, mine, theirs) as Bytes | undefined;
}

/** For a picture that is stored turned: its EXIF orientation, and the head of its file without the mark of it. */
export function turned(head: Bytes): [orientation: number, head: Bytes] | undefined {
  return ask(21, 0, head) as [number, Bytes] | undefined;
}

/** One picture's labels under work, or only shown. */
export class Desk {
  private static last = 0;
  private readonly number = ++Desk.last;

  /** Opens it; gives "" or why stored labels cannot be used. */
  open(w: number, h: number, stored: Bytes | null): string {
    return (ask(0, this.number, w, h, stored) as string | undefined) ?? "The page is not ready.";
  }
  close(): void { ask(1, this.number); }
  replace(stored: Bytes): string { return ask(2, this.number, stored) as string; }
  stored(): Bytes { return ask(3, this.number) as Bytes; }
  look(x: number, y: number, scale: number, w: number, h: number): void { ask(4, this.number, x, y, scale, w, h); }
  tool(name: ToolName): void { ask(5, this.number, Tool[name]); }
  settings(radius: number, snap: boolean, name: string, rows: number, cols: number): void {
    ask(6, this.number, radius, snap ? 1 : 0, rows, cols, name);
  }
  scores(rows: number, cols: number, block: number, values: Float32Array): void { ask(7, this.number, rows, cols, block, values); }
  rest(): void { ask(8, this.number); }
  down(x: number, y: number, keys: number, now: number): void { ask(10, this.number, x, y, keys, now); }
  move(x: number, y: number, keys: number, now: number): void { ask(11, this.number, x, y, keys, now); }
  up(x: number, y: number, keys: number, now: number): Outcome { return outcomes[ask(12, this.number, x, y, keys, now) as number]; }
  leave(): void { ask(13, this.number); }
  cancel(): void { ask(14, this.number); }
  twice(x: number, y: number): Outcome { return outcomes[ask(15, this.number, x, y) as number]; }
  act(name: ActName, a = 0, b = 0): Outcome {
    return outcomes[ask(16, this.number, Act[name], a, b, performance.now()) as number] ?? "nothing";
  }
  /** Left, top, width, height of what is to be cleared, then lines; undefined where nothing changed. */
  lines(): Float32Array | undefined { return ask(17, this.number) as Float32Array | undefined; }
  live(): Float32Array { return (ask(18, this.number) as Float32Array | undefined) ?? new Float32Array(); }
  /** Left, top, width, height, and 1 where it is blank; undefined where nothing changed. */
  ink(into: (length: number) => Uint8Array): Float32Array | undefined { return ask(19, this.number, into) as Float32Array | undefined; }

  state(): DeskState {
    const name = ask(9, this.number, asBytes) as string | undefined, n = numbers;
    const on = (i: number) => n[i] === 1;
    if (name === undefined) n.fill(0);
    return {
      revision: n[0], busy: on(1), canUndo: on(2), canRedo: on(3), normal: on(4), labelled: on(5), shapes: n[6], proposed: n[7],
      pixels: n[8], blocks: n[9], points: n[10], focusX: n[11], focusY: n[12], place: n[13],
      selected: n[14] ? { id: n[14], proposed: on(15), points: n[16], x: n[17], y: n[18], w: n[19], h: n[20], angle: n[21], name: name ?? "" } : undefined,
      spent: [...n.subarray(22, 32)],
    };
  }
}
