// Labels that the server does not have yet, kept in this browser (IndexedDB): written at every step, before anything is
// sent, and taken away only when the server has said that it holds them.

export type Bytes = Uint8Array<ArrayBuffer>;

/** A save: labels, the revision they were drawn on, and a name by which the server knows it when it comes again. */
export interface Save { id: string; base: number; data: Bytes }

/** What one tab drew on one picture since the last save. */
export interface Draft extends Save {
  key: string; // one row for each tab and picture: two tabs never overwrite each other's
  tab: string; // which tab looks after it
  project: string;
  picture: string;
  name: string; // of the picture, for messages
  baseData: Bytes | null; // the labels at base; null where base is 0 or it is not known
  /** On its way; newer labels wait until the server has answered, so that its answer is never taken for theirs. */
  sending?: Save;
  at: number; // when it was drawn, milliseconds since 1970
}

let db: Promise<IDBDatabase> | undefined;

/** What this page holds where the browser keeps nothing: private windows of some, full disks. */
const memory = new Map<string, Draft>();

/** Whether drafts outlive the page. */
export let lasting = true;

function open(): Promise<IDBDatabase> {
  return db ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("semirest-labels", 1);
    request.onupgradeneeded = () => { request.result.createObjectStore("drafts", { keyPath: "key" }); };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
}

/** Runs requests in one transaction; resolves when it is on disk. */
async function run<T>(mode: IDBTransactionMode, f: (store: IDBObjectStore) => IDBRequest<T> | undefined): Promise<T | undefined> {
  const base = await open();
  return new Promise((resolve, reject) => {
    const t = base.transaction("drafts", mode, { durability: "strict" });
    const request = f(t.objectStore("drafts"));
    t.oncomplete = () => resolve(request?.result);
    t.onerror = t.onabort = () => reject(t.error);
  });
}

/** Keeps a draft. It resolves to false where it lives only as long as the page. */
export async function keep(d: Draft): Promise<boolean> {
  memory.set(d.key, d);
  try {
    await run("readwrite", (s) => s.put(d));
    lasting = true;
  } catch (error) {
    console.warn("drafts are not kept:", error);
    lasting = false;
  }
  return lasting;
}

/** Forgets a draft unless it was drawn on meanwhile. */
export async function drop(key: string, id: string): Promise<void> {
  if (memory.get(key)?.id === id) memory.delete(key);
  try {
    await run("readwrite", (s) => {
      const got = s.get(key) as IDBRequest<Draft | undefined>;
      got.onsuccess = () => { if (got.result?.id === id) s.delete(key); };
      return undefined;
    });
  } catch { /* it was never kept */ }
}

export async function all(): Promise<Draft[]> {
  try {
    const kept = (await run("readonly", (s) => s.getAll() as IDBRequest<Draft[]>)) ?? [];
    const keys = new Set(kept.map((d) => d.key));
    return [...kept, ...[...memory.values()].filter((d) => !keys.has(d.key))];
  } catch {
    return [...memory.values()];
  }
}

/** A name that nobody else gives: 128 random bits. */
export function newID(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
}
