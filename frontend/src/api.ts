// The server's JSON, with the types of server/web/openapi.yaml. Every failure becomes an ApiError whose message is for
// people.
import type { JobState, Role, Stage } from "./go/words";
import type { Answers, LabelState, Level, Metrics, Model, Project, ProjectPicture, Right, Token, Training, TrainingRequest, User } from "./schema";

export type { Answers, LabelState, Level, Metrics, Model, Project, Right, Role, Token, User };
export type Picture = ProjectPicture;
export type Job = Training;
export type Request = TrainingRequest;
/** Who is here; nobody is signed in where there is no user. */
export type Me = { auth: boolean; user: Answers["getMe"]["user"] | null };
export type Event = Answers["listAudit"]["events"][number];

/** Go's words and the specification's are the same: what differs does not compile. */
type Same<A, B> = [A, B] extends [B, A] ? true : false;
export const agreed: [Same<JobState, Job["state"]>, Same<Role, Picture["role"]>, Same<Stage | "", Job["progress"]["stage"]>] = [true, true, true];

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

/** Operations by their operationId: get<"listProjects">(at("projects")). One that answers without JSON is "nothing". */
type Operation = keyof Answers | "nothing";
type Answer<O extends Operation> = O extends keyof Answers ? Answers[O] : void;

export const get = <O extends Operation>(path: string, signal?: AbortSignal): Promise<Answer<O>> => json("GET", path, { signal });
export const post = <O extends Operation = "nothing">(path: string, body?: unknown, signal?: AbortSignal): Promise<Answer<O>> => json("POST", path, { body, signal });
export const put = <O extends Operation = "nothing">(path: string, body: unknown): Promise<Answer<O>> => json("PUT", path, { body });
export const patch = <O extends Operation = "nothing">(path: string, body: unknown): Promise<Answer<O>> => json("PATCH", path, { body });
export const remove = (path: string): Promise<void> => json<void>("DELETE", path);

/** What went wrong, for people; "" where the screen was only left. */
export function why(error: unknown): string {
  if (error instanceof DOMException && error.name === "AbortError") return "";
  if (error instanceof ApiError) return error.message;
  console.error(error);
  return "Something inside the page failed. Reload it.";
}
