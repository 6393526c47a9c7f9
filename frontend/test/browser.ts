// What the page's logic finds of a browser when node runs it: nothing that draws, no storage, no clock but the test's.
// A test imports this before what it tests.

interface Timer { at: number; f: () => void }
const timers = new Map<number, Timer>();
let now = 0, last = 0;

const scope = globalThis as unknown as Record<string, unknown>;
scope.window = globalThis;
scope.location = { hash: "", href: "http://localhost/", replace(to: string) { (scope.location as { hash: string }).hash = to; } };
scope.addEventListener = () => {};
scope.setTimeout = (f: () => void, ms = 0) => { timers.set(++last, { at: now + ms, f }); return last; };
scope.clearTimeout = (n: number) => { timers.delete(n); };
delete scope.BroadcastChannel; // it would keep node running
Object.defineProperty(performance, "now", { value: () => now });
console.warn = () => {}; // that drafts are not kept is so by design here

/** Lets promises that need nothing but each other settle. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Moves the clock on, timer by timer. */
export async function pass(ms: number): Promise<void> {
  const end = now + ms;
  for (;;) {
    await settled();
    const due = [...timers].filter(([, t]) => t.at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
    if (!due) break;
    timers.delete(due[0]);
    now = Math.max(now, due[1].at);
    due[1].f();
  }
  now = end;
  await settled();
}

/** An answer of a server that is not there. */
export const answer = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  new Response(body === undefined ? null : body instanceof Uint8Array ? body as Uint8Array<ArrayBuffer> : JSON.stringify(body), { status, headers });

/** Every request asks it instead of the network. */
export function serve(f: (method: string, path: string, init: RequestInit) => Response | Promise<Response>): void {
  scope.fetch = async (path: string, init: RequestInit = {}) => f(init.method ?? "GET", path, init);
}
