// The server's JSON, with types; server/web/openapi.yaml is the specification, server/project the words. Every failure
// becomes an ApiError whose message is for people.

export type Role = "" | "normal" | "defective";
export type Level = "viewer" | "labeller" | "admin";

export interface Project {
  id: string; name: string; created: string; deployed?: string; previous?: string; level?: Level;
  counts?: { pictures: number; normal: number; defective: number; labelled: number; held: number };
}

/** Where a picture's labels stand. */
export interface LabelState {
  revision: number; author: string; time: string; normal: boolean; boxes: number; polygons: number; pixels: number;
  blocks: number; millis: Record<string, number> | null;
}

export interface Picture {
  id: string; project: string; name: string; sha256: string; bytes: number; width: number; height: number; role: Role;
  kind?: string; held: boolean; truth?: string; added: string; labels?: LabelState | null;
}

/** Measures on the pictures kept for evaluation, parts of 1; null where nothing could be measured. */
export interface Metrics {
  pixel_ap: number | null; pro: number | null; pixel_auroc: number | null; image_auroc: number | null;
  distance_ap: number | null; pictures: number; defective: number; latency_ms: number; granule: string;
}

export interface Model {
  id: string; project: string; name: string; sha256: string; bytes: number; supervision: string; created: string;
  job?: string; metrics?: Metrics | null; label_millis: number; threshold: number; note?: string;
}

export interface Request {
  supervision: string; preset: string; steps?: number; size?: number; seed: number; name?: string; deploy: boolean;
}

export interface Job {
  id: string; project: string; state: "queued" | "running" | "done" | "failed" | "canceled"; request: Request;
  progress: { stage: string; step: number; total: number; loss: number; seconds_left: number; held_out_ap: number | null };
  error?: string; author: string; created: string; started?: string; ended?: string; model?: string; ahead: number;
}

export interface User { id: string; name: string; admin: boolean; created: string; blocked: boolean }
export interface Me { auth: boolean; user: User | null }
export interface Right { user: string; name?: string; level: Level }
export interface Token { id: string; name: string; created: string; expires?: string; used?: string }
export interface Event { time: string; user: string; project?: string; action: string; object?: string; detail?: string }

/** What the server refused or could not do. */
export class ApiError extends Error {
  constructor(readonly status: number, readonly code: string, message: string) { super(message); }
}

/** Called when the server asks who is there. */
export let onUnknown: () => void = () => {};
export function setUnknown(f: () => void): void { onUnknown = f; }

const base = "/api/v1";

/** An address under the server's API; what lies between the parts is encoded. */
export function at(...parts: string[]): string {
  return base + parts.map((p) => "/" + encodeURIComponent(p)).join("");
}

interface Options { body?: unknown; signal?: AbortSignal; headers?: Record<string, string> }

/** How often what may be sent twice is sent again because the server asked for patience, and how long it may ask for, in s. */
const again = 5, patience = 10;

/** Asks the server and gives its answer, whatever kind it is of. */
export async function raw(method: string, path: string, { body, signal, headers = {} }: Options = {}): Promise<Response> {
  const plain = body === undefined || body instanceof Blob || body instanceof FormData || body instanceof Uint8Array;
  if (!plain) headers = { ...headers, "Content-Type": "application/json" };
  let answer: Response;
  for (let tried = 0; ; tried++) {
    try {
      answer = await fetch(path, { method, signal, headers, body: plain ? body as BodyInit : JSON.stringify(body), credentials: "same-origin" });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ApiError(0, "unreachable", "The server cannot be reached. Is it running?");
    }
    if (answer.ok) return answer;
    const wait = answer.status === 429 && method !== "POST" && tried < again ? Number(answer.headers.get("Retry-After") ?? NaN) : NaN;
    if (!(wait <= patience)) break;
    await new Promise((resolve) => setTimeout(resolve, 1000 * wait));
  }
  let code = "", message = "";
  try {
    const said = (await answer.json()) as { error?: { code?: string; message?: string } };
    code = said.error?.code ?? "";
    message = said.error?.message ?? "";
  } catch { /* not from our server, or cut off */ }
  if (answer.status === 401 && !path.startsWith(base + "/session")) onUnknown();
  throw new ApiError(answer.status, code, sentence(message) || `The server answered ${answer.status}. Try again.`);
}

/** A message of the server as a sentence: it may begin with the name of the package that failed. */
function sentence(text: string): string {
  if (!text) return "";
  const s = text.replace(/^[a-z]+: /, "");
  return s.charAt(0).toUpperCase() + s.slice(1) + (/[.!?]$/.test(s) ? "" : ".");
}

async function json<T>(method: string, path: string, options?: Options): Promise<T> {
  const answer = await raw(method, path, options);
  if (answer.status === 204) return undefined as T;
  const text = await answer.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> => json<T>("GET", path, { signal });
export const post = <T>(path: string, body?: unknown, signal?: AbortSignal): Promise<T> => json<T>("POST", path, { body, signal });
export const put = <T>(path: string, body: unknown): Promise<T> => json<T>("PUT", path, { body });
export const patch = <T>(path: string, body: unknown): Promise<T> => json<T>("PATCH", path, { body });
export const remove = (path: string): Promise<void> => json<void>("DELETE", path);

/** What went wrong, for people; "" where the screen was only left. */
export function why(error: unknown): string {
  if (error instanceof DOMException && error.name === "AbortError") return "";
  if (error instanceof ApiError) return error.message;
  console.error(error);
  return "Something inside the page failed. Reload it.";
}
