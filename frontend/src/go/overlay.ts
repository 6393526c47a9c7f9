// The page's own Go instance, with types: heat maps of panes, and the list of results. wasm/overlay_js.go is the other
// end.

export interface Row {
  id: number; name: string; state: string; score: number; detector: string; model: string; width: number; height: number;
  hotX: number; hotY: number; total: number; lossy: boolean; reason: string;
}

interface API {
  set(pane: number, rows: number, cols: number, block: number, scores: Float32Array, width: number, height: number): [number, number] | undefined;
  paint(pane: number, threshold: number, rgba: Uint8ClampedArray): void;
  contours(pane: number, threshold: number): Float32Array | undefined;
  at(pane: number, x: number, y: number): number | undefined;
  thumb(rows: number, cols: number, block: number, scores: Float32Array, width: number, height: number, side: number,
    threshold: number): { w: number; h: number; rgba: Uint8ClampedArray<ArrayBuffer> } | undefined;
  scale(): Uint8ClampedArray<ArrayBuffer>;
  put(row: Row): void;
  remove(id: number): void;
  order(by: number): number[];
  csv(by: number, threshold: number): Uint8Array<ArrayBuffer> | undefined;
}

/** The instance's functions, once it is ready. */
export function overlay(): API | undefined {
  return (globalThis as unknown as { semirest?: API }).semirest;
}

/** Calls back when the instance is ready, or at once. */
export function whenReady(f: (api: API) => void): void {
  const api = overlay();
  if (api) f(api);
  else waiting.push(f);
}

let waiting: ((api: API) => void)[] = [];

/** Called once, when both instances are ready. */
export function nowReady(): void {
  const all = waiting;
  waiting = [];
  for (const f of all) f(overlay()!);
}
