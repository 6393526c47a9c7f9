// The user's pictures outlive a reload, a crash and a closed tab: they are kept in this browser (IndexedDB) until they are
// removed. Of more than fits, the page says so, and asks before it is left.
import type { Added } from "./album";
import { note } from "../note";
import { known, whoAmI } from "../shell";

/** How much is kept: pictures, bytes of their files, and for how long. */
export const limits = { pictures: 1000, bytes: 1 << 30, days: 7 };

interface Row { key: string; tab: string; user: string; place: number; name: string; file: Blob; at: number }

let db: Promise<IDBDatabase> | undefined;
const kept = new Map<number, { key: string; size: number }>(); // by the picture's number in the album
let bytes = 0, told = false;
/** Pictures that live only as long as the page. */
const lost = new Set<number>();

function open(): Promise<IDBDatabase> {
  return db ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("semirest-pictures", 1);
    request.onupgradeneeded = () => { request.result.createObjectStore("pictures", { keyPath: "key" }); };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function run<T>(mode: IDBTransactionMode, f: (store: IDBObjectStore) => IDBRequest<T> | undefined): Promise<T | undefined> {
  const t = (await open()).transaction("pictures", mode);
  return new Promise((resolve, reject) => {
    const request = f(t.objectStore("pictures"));
    t.oncomplete = () => resolve(request?.result);
    t.onerror = t.onabort = () => reject(t.error);
  });
}

/** This tab's name, by which it finds its pictures again. It holds a lock of that name, so that others see that it lives. */
let tab = crypto.getRandomValues(new Uint32Array(2)).join("-");

/** The tabs that live; undefined where the browser does not tell (pages that did not come over TLS). */
async function living(): Promise<Set<string> | undefined> {
  if (!navigator.locks) return undefined;
  return new Set((await navigator.locks.query()).held?.map((l) => l.name ?? ""));
}

async function takeName(): Promise<void> {
  const before = sessionStorage.getItem("semirest.tab");
  // A tab that was duplicated starts with the name of the one that it is a copy of.
  const taken = before && (await living())?.has(`semirest ${before}`);
  if (before && !taken) tab = before;
  sessionStorage.setItem("semirest.tab", tab);
  void navigator.locks?.request(`semirest ${tab}`, () => new Promise(() => {}));
}

/** What this tab held before a reload, and what tabs held that are gone. */
export async function begin(): Promise<Added[]> {
  try {
    await takeName();
    await known;
    const user = whoAmI().user?.name ?? "";
    const alive = await living(), since = Date.now() - limits.days * 24 * 3600_000;
    const all = await run("readonly", (s) => s.getAll() as IDBRequest<Row[]>) ?? [];
    const mine = all.filter((r) => r.at >= since && r.user === user && (r.tab === tab || (alive && !alive.has(`semirest ${r.tab}`))));
    await run("readwrite", (s) => {
      for (const r of all) if (r.at < since) s.delete(r.key);
      for (const r of mine) if (r.tab !== tab) s.put({ ...r, tab });
      return undefined;
    });
    return mine.sort((a, b) => a.at - b.at || a.place - b.place).map(({ key, name, file }) => ({ name, file, kept: key }));
  } catch (error) {
    console.warn("pictures are not kept:", error);
    return [];
  }
}

const page = tab; // another one after every reload

/** Keeps a picture by its number in the album; key is that of one which is kept already. */
export function keep(place: number, name: string, file: Blob, key?: string): void {
  if (!key && (kept.size >= limits.pictures || bytes + file.size > limits.bytes)) {
    fail(place);
    return;
  }
  const row: Row = { key: key ?? `${page} ${place}`, tab, user: whoAmI().user?.name ?? "", place, name, file, at: Date.now() };
  kept.set(place, { key: row.key, size: file.size });
  bytes += file.size;
  if (!key) run("readwrite", (s) => s.put(row)).catch(() => { drop(place); fail(place); });
}

function fail(place: number): void {
  lost.add(place);
  if (!told) note("These are more pictures than the browser keeps: the last ones are gone when the page is left.");
  told = true;
}

/** Forgets a picture that was removed. */
export function drop(place: number): void {
  lost.delete(place);
  const row = kept.get(place);
  if (!row) return;
  kept.delete(place);
  bytes -= row.size;
  run("readwrite", (s) => s.delete(row.key)).catch(() => {});
}

addEventListener("beforeunload", (event) => { if (lost.size) event.preventDefault(); });
