// Gets labels to the server: first kept in this browser, then sent whole with the revision they were drawn on, again and
// again with growing pauses until there is an answer. Nothing is ever overwritten: where somebody else saved meanwhile,
// both versions are there to choose from. Tabs of one browser tell each other.
import { sendLabels, type Held } from "./rest";
import { all, drop, keep, newID, type Bytes, type Draft } from "./drafts";
import { heard, living, tab, tellTabs } from "./tabs";
import { Signal } from "../signal";

/** How long drawing may go on before what is drawn is sent, in ms. */
const quiet = 700;
/** Pauses between tries, in ms. */
const firstPause = 1000, longestPause = 30_000;

/** How a picture's labels stand with the server. */
export type Standing =
  | { kind: "saved"; revision: number } | { kind: "kept" } | { kind: "sending" }
  | { kind: "waiting"; reason: string; until: number } // until: of performance.now()
  | { kind: "conflict" } | { kind: "refused"; reason: string };

/** Another version of a draft's labels. */
export interface Clash { draft: Draft; theirs: Held }

export const standings = new Signal<{ picture: string; standing: Standing }>();
export const clashes = new Signal<Clash>();
/** A picture has a new revision: of this tab or of another one. */
export const saves = new Signal<{ picture: string; revision: number; here: boolean }>();

/** Drafts that this tab looks after, by key. */
const mine = new Map<string, Draft>();
/** Drafts that wait for somebody to choose. */
const open = new Map<string, Clash>();
const refused = new Set<string>();
/** The newest revision of each picture that this page has heard of. */
const newest = new Map<string, number>();
saves.on(({ picture, revision }) => { newest.set(picture, Math.max(revision, newest.get(picture) ?? 0)); });

export const newestOf = (picture: string): number => newest.get(picture) ?? 0;

let timer = 0, due = 0, pause = firstPause, busy = false;

/** How many pictures' labels are not with the server. */
export const unsent = (): number => new Set([...mine.values()].map((d) => d.picture)).size;
export const clashOf = (picture: string): Clash | undefined => [...open.values()].find((c) => c.draft.picture === picture);
export const anyClash = (): Clash | undefined => [...open.values()][0];

function tell(d: { picture: string }, standing: Standing): void { standings.emit({ picture: d.picture, standing }); }

/** What this tab holds of a picture that the server may not. */
export const draftOf = (picture: string): Draft | undefined => [...mine.values()].filter((d) => d.picture === picture).sort((a, b) => b.at - a.at)[0];
export const isHeld = (d: Draft): boolean => mine.get(d.key) === d;

/** Keeps what was drawn, then sends it soon. It resolves to false where it lives only as long as the page. */
export async function hold(d: Draft): Promise<boolean> {
  mine.set(d.key, d);
  refused.delete(d.key);
  if (!open.has(d.key)) tell(d, { kind: "sending" });
  const kept = await keep(d);
  if (!open.has(d.key) && isHeld(d)) {
    tell(d, { kind: "kept" });
    sendIn(quiet);
  }
  return kept;
}

/** The picture on the screen, which goes on from what the server holds. */
interface Attended { readonly picture: string; settled(revision: number, data: Bytes): void; rebase(held: Held): void }

let keeper: Attended | undefined;
/** Says which picture is on the screen. */
export function attend(k: Attended | undefined): void { keeper = k; }

function sendIn(ms: number): void {
  const at = performance.now() + ms;
  if (timer && due <= at) return;
  clearTimeout(timer);
  due = at;
  timer = window.setTimeout(() => { timer = 0; void sendAll(); }, ms);
}

/** Sends what waits now. */
export function sendNow(): void {
  clearTimeout(timer);
  timer = 0;
  void sendAll();
}

async function sendAll(): Promise<void> {
  if (busy) return;
  busy = true;
  let wait = 0;
  for (const d of [...mine.values()].sort((a, b) => a.at - b.at)) {
    if (open.has(d.key) || refused.has(d.key)) continue;
    wait = await send(d);
    if (wait) break;
  }
  busy = false;
  if (wait) sendIn(wait);
  else if ([...mine.values()].some((d) => !open.has(d.key) && !refused.has(d.key))) sendIn(quiet);
}

/** Sends one draft; gives how long to wait before the next try, 0 for not at all. */
async function send(d: Draft): Promise<number> {
  if (!d.sending) {
    d.sending = { id: d.id, base: d.base, data: d.data };
    await keep(d);
  }
  const save = d.sending;
  tell(d, { kind: "sending" });
  const sent = await sendLabels(d.project, d.picture, save);
  if (!isHeld(d)) return 0; // settled otherwise meanwhile
  switch (sent.kind) {
    case "saved":
      pause = firstPause;
      d.sending = undefined;
      d.base = sent.revision;
      d.baseData = save.data;
      if (keeper?.picture === d.picture) keeper.settled(sent.revision, save.data);
      if (d.id === save.id) {
        mine.delete(d.key);
        await drop(d.key, d.id);
        tell(d, { kind: "saved", revision: sent.revision });
      } else {
        await keep(d);
      }
      saves.emit({ picture: d.picture, revision: sent.revision, here: true });
      tellTabs(d.picture, sent.revision);
      return 0;
    case "conflict":
      d.sending = undefined;
      await keep(d);
      clash(d, sent.theirs);
      return 0;
    case "refused":
      d.sending = undefined;
      refused.add(d.key);
      tell(d, { kind: "refused", reason: sent.reason });
      return 0;
  }
  const ms = Math.max(pause * (0.75 + Math.random() / 2), sent.after);
  pause = Math.min(pause * 2, longestPause);
  for (const other of mine.values()) if (!open.has(other.key)) tell(other, { kind: "waiting", reason: sent.reason, until: performance.now() + ms });
  return ms;
}

function same(a: Bytes | null, b: Bytes | null): boolean {
  return !!a && !!b && a.length === b.length && a.every((v, i) => v === b[i]);
}

function clash(d: Draft, theirs: Held): void {
  if (same(d.data, theirs.data)) { // both drew the same
    mine.delete(d.key);
    void drop(d.key, d.id);
    if (keeper?.picture === d.picture) keeper.rebase(theirs);
    tell(d, { kind: "saved", revision: theirs.revision });
    return;
  }
  const found = { draft: d, theirs };
  open.set(d.key, found);
  tell(d, { kind: "conflict" });
  clashes.emit(found);
}

/** Ends a conflict: these labels become the revision after theirs. With both, mine goes into the history before them. */
export async function settle(c: Clash, data: Bytes, both: boolean): Promise<void> {
  const d = c.draft;
  if (both) d.sending = { id: d.id, base: c.theirs.revision, data: d.data };
  Object.assign(d, { id: newID(), data, base: c.theirs.revision, baseData: c.theirs.data, at: Date.now() });
  open.delete(d.key);
  await keep(d);
  sendNow();
}

heard.on((s) => saves.emit({ ...s, here: false }));

/** Takes over what tabs left behind that are closed or crashed. */
async function adopt(): Promise<void> {
  const left = (await all()).filter((d) => d.tab !== tab);
  if (!left.length) return;
  const alive = await living();
  for (const d of left) {
    if (alive.has(d.tab) || mine.has(d.key)) continue;
    d.tab = tab;
    mine.set(d.key, d);
    await keep(d);
    tell(d, { kind: "kept" });
  }
  if (mine.size) sendNow();
}

let adopted: Promise<void> | undefined;

/** Looks once for what was left behind; resolves when that is found. */
export function begin(): Promise<void> {
  return adopted ??= adopt();
}

addEventListener("online", () => { pause = firstPause; if (mine.size) sendNow(); });
// Labels that wait are sent whatever screen is shown.
void begin();
