// The labelling desks of the page's Go instance, with types. wasm/desk_js.go is the other end.
import { overlay } from "./overlay";
import { Act, Ask, At, Outcome, Tool } from "./words";

/** The selected shape: its upright bounds' left top, and its own size. */
export interface Shape { id: number; proposed: boolean; points: number; x: number; y: number; w: number; h: number; angle: number; name: string }

export interface DeskState {
  revision: number; busy: boolean; canUndo: boolean; canRedo: boolean; normal: boolean; labelled: boolean;
  shapes: number; proposed: number; pixels: number; blocks: number; points: number; clicks: number; grown: number; focusX: number; focusY: number;
  place: number; selected?: Shape; spent: number[];
}

type Bytes = Uint8Array<ArrayBuffer>;
/** What came of an act, by its number. */
const outcomes = Object.keys(Outcome) as Outcome[];

function ask(what: Ask, desk: number, ...args: unknown[]): unknown { return overlay()?.label(Ask[what], desk, ...args); }

const numbers = new Float64Array(At.end), asBytes = new Uint8Array(numbers.buffer);

/** Joins labels that two people drew on the same base, null where that is not known; undefined where one is damaged. */
export function merge(base: Bytes | null, mine: Bytes, theirs: Bytes): Bytes | undefined {
  return ask("merge", 0, base, mine, theirs) as Bytes | undefined;
}

/** For a picture that is stored turned: its EXIF orientation, and the head of its file without the mark of it. */
export function turned(head: Bytes): [orientation: number, head: Bytes] | undefined {
  return ask("upright", 0, head) as [number, Bytes] | undefined;
}

/** One picture's labels under work, or only shown. */
export class Desk {
  private static last = 0;
  private readonly number = ++Desk.last;

  /** Opens it; gives "" or why stored labels cannot be used. */
  open(w: number, h: number, stored: Bytes | null): string {
    return (ask("open", this.number, w, h, stored) as string | undefined) ?? "The page is not ready.";
  }
  close(): void { ask("close", this.number); }
  replace(stored: Bytes): string { return ask("replace", this.number, stored) as string; }
  stored(): Bytes { return ask("stored", this.number) as Bytes; }
  look(x: number, y: number, scale: number, w: number, h: number): void { ask("look", this.number, x, y, scale, w, h); }
  tool(name: Tool): void { ask("tool", this.number, Tool[name]); }
  settings(radius: number, snap: boolean, name: string, rows: number, cols: number): void {
    ask("settings", this.number, radius, snap ? 1 : 0, rows, cols, name);
  }
  scores(rows: number, cols: number, block: number, values: Float32Array): void { ask("scores", this.number, rows, cols, block, values); }
  /** How large `picture` wants the picture, for regions to grow in. */
  grid(): [w: number, h: number] { return ask("grid", this.number) as [number, number]; }
  picture(rgba: Uint8ClampedArray): void { ask("picture", this.number, rgba); }
  rest(): void { ask("rest", this.number); }
  down(x: number, y: number, keys: number, now: number): void { ask("down", this.number, x, y, keys, now); }
  move(x: number, y: number, keys: number, now: number): void { ask("move", this.number, x, y, keys, now); }
  up(x: number, y: number, keys: number, now: number): Outcome { return outcomes[ask("up", this.number, x, y, keys, now) as number]; }
  leave(): void { ask("leave", this.number); }
  cancel(): void { ask("cancel", this.number); }
  twice(x: number, y: number): Outcome { return outcomes[ask("twice", this.number, x, y) as number]; }
  act(name: Act, a = 0, b = 0): Outcome {
    return outcomes[ask("do", this.number, Act[name], a, b, performance.now()) as number] ?? "nothingToDo";
  }
  /** Left, top, width, height of what is to be cleared, then lines; undefined where nothing changed. */
  lines(): Float32Array | undefined { return ask("lines", this.number) as Float32Array | undefined; }
  live(): Float32Array { return (ask("live", this.number) as Float32Array | undefined) ?? new Float32Array(); }
  /** Left, top, width, height, and 1 where it is blank; undefined where nothing changed. */
  ink(into: (length: number) => Uint8Array): Float32Array | undefined { return ask("ink", this.number, into) as Float32Array | undefined; }

  state(): DeskState {
    const name = ask("state", this.number, asBytes) as string | undefined, n = numbers;
    const on = (i: number) => n[i] === 1;
    if (name === undefined) n.fill(0);
    return {
      revision: n[At.revision], busy: on(At.busy), canUndo: on(At.canUndo), canRedo: on(At.canRedo), normal: on(At.normal),
      labelled: on(At.labelled), shapes: n[At.shapes], proposed: n[At.proposed], pixels: n[At.pixels], blocks: n[At.blocks],
      points: n[At.points], clicks: n[At.clicks], grown: n[At.grown], focusX: n[At.focusX], focusY: n[At.focusY], place: n[At.place],
      selected: n[At.shapeID] ? { id: n[At.shapeID], proposed: on(At.shapeProposed), points: n[At.shapePoints], x: n[At.x], y: n[At.y],
        w: n[At.w], h: n[At.h], angle: n[At.angle], name: name ?? "" } : undefined,
      spent: [...n.subarray(At.spent, At.end)],
    };
  }
}
