// The routes of labels; server/web/labels.go is the other end. Labels travel in shared/annot's stored form.
import * as api from "../api";
import type { Bytes, Save } from "./drafts";

/** Labels as the server holds them; data is null and revision 0 where nobody has labelled the picture. */
export interface Held { revision: number; author: string; time: string; data: Bytes | null }

const path = (project: string, picture: string) => api.at("projects", project, "pictures", picture, "labels");

export async function fetchLabels(project: string, picture: string, until?: AbortSignal): Promise<Held> {
  const answer = await api.raw("GET", path(project, picture), { signal: until });
  const head = answer.headers, revision = Number(head.get("Revision") ?? head.get("ETag")?.replace(/\D/g, "") ?? 0);
  if (answer.status === 204 || !revision) return { revision: 0, author: "", time: "", data: null };
  let author = head.get("Label-Author") ?? "";
  try { author = decodeURIComponent(author); } catch { /* as it is */ }
  return { revision, author, time: head.get("Label-Time") ?? "", data: new Uint8Array(await answer.arrayBuffer()) };
}

/** What became of a save. */
export type Sent =
  | { kind: "saved"; revision: number; state?: api.LabelState }
  | { kind: "conflict"; theirs: Held }
  | { kind: "later"; reason: string; after: number } // no connection, or the server is busy: milliseconds to wait at least
  | { kind: "refused"; reason: string }; // trying again will not help

export async function sendLabels(project: string, picture: string, save: Save): Promise<Sent> {
  let answer: Response;
  try {
    answer = await fetch(path(project, picture), { method: "PUT", body: save.data, credentials: "same-origin",
      headers: { "Content-Type": "application/octet-stream", "If-Match": `"${save.base}"`, "Save-Id": save.id } });
  } catch {
    return { kind: "later", reason: "No connection", after: 0 };
  }
  try {
    if (answer.ok) {
      const state = (await answer.json()) as api.Answers["saveLabels"];
      return { kind: "saved", revision: state.revision, state };
    }
    const text = (await answer.json()) as { error?: { code?: string; message?: string }; current?: api.LabelState & { data: string } };
    if (answer.status === 409 && text.current) {
      const { revision, author, time, data } = text.current;
      return { kind: "conflict", theirs: { revision, author, time, data: Uint8Array.from(atob(data), (c) => c.charCodeAt(0)) } };
    }
    if (answer.status === 401) {
      api.onUnknown();
      return { kind: "later", reason: "Signed out: sign in again", after: 5000 };
    }
    if (answer.status === 429 || answer.status >= 500) {
      return { kind: "later", reason: answer.status === 429 ? "The server asks to wait" : "The server has trouble", after: 1000 * Number(answer.headers.get("Retry-After") ?? 0) };
    }
    return { kind: "refused", reason: text.error?.message ?? `the server answered ${answer.status}` };
  } catch {
    return { kind: "later", reason: "The connection broke off", after: 0 };
  }
}
