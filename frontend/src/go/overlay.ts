// The page's own Go instance: heat maps of panes, the list of results, and labelling desks.
import type { Semirest } from "./wasm_js";

/** The instance's functions, once it is ready. */
export function overlay(): Semirest | undefined { return globalThis.semirest; }

/** Calls back when the instance is ready, or at once. */
export function whenReady(f: (api: Semirest) => void): void {
  const api = overlay();
  if (api) f(api);
  else waiting.push(f);
}

let waiting: ((api: Semirest) => void)[] = [];

/** Called once, when both instances are ready. */
export function nowReady(): void {
  const all = waiting;
  waiting = [];
  for (const f of all) f(overlay()!);
}
