import { answer, pass, serve } from "./browser";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bytes } from "../src/label/drafts";
import { Keeper } from "../src/label/keeper";
import * as sync from "../src/label/sync";

const bytes = (...v: number[]): Bytes => new Uint8Array(v);
const base64 = (b: Bytes): string => btoa(String.fromCharCode(...b));

/** A server with one row of revisions a picture. */
class Server {
  revisions: Bytes[] = [];
  asked: { base: string; id: string; data: Bytes }[] = [];
  broken: (() => Response | Promise<Response>) | undefined;

  constructor() {
    serve(async (method, path, init) => {
      assert.equal(method, "PUT");
      assert.match(path, /^\/api\/v1\/projects\/p\/pictures\/\w+\/labels$/);
      const head = init.headers as Record<string, string>;
      const data = init.body as Bytes;
      this.asked.push({ base: head["If-Match"], id: head["Save-Id"], data });
      if (this.broken) return this.broken();
      if (head["If-Match"] !== `"${this.revisions.length}"`) {
        return answer(409, { error: { code: "conflict", message: "another revision" }, current: { revision: this.revisions.length, author: "Ann", time: "2026-01-01T00:00:00Z", data: base64(this.revisions.at(-1)!) } });
      }
      this.revisions.push(data);
      return answer(200, { revision: this.revisions.length });
    });
  }
}

let pictures = 0;

/** A picture of its own for each test: what one leaves behind is not another's. */
function begin(base = 0): { server: Server; keeper: Keeper; heard: sync.Standing[]; picture: string } {
  const picture = `pic${++pictures}`, heard: sync.Standing[] = [];
  sync.standings.on((s) => { if (s.picture === picture) heard.push(s.standing); }, new AbortController().signal);
  const keeper = new Keeper("p", picture, picture + ".png", base, null);
  sync.attend(keeper);
  return { server: new Server(), keeper, heard, picture };
}

const kinds = (list: sync.Standing[]): string[] => list.map((s) => s.kind);

test("what is drawn is kept, sent once the hand rests, and then saved", async () => {
  const { server, keeper, heard } = begin();
  void keeper.edited(bytes(1));
  await pass(100);
  void keeper.edited(bytes(1, 2));
  await pass(100);
  assert.equal(server.asked.length, 0);
  assert.equal(sync.unsent(), 1);
  await pass(2000);
  assert.deepEqual(server.revisions, [bytes(1, 2)]);
  assert.equal(sync.unsent(), 0);
  assert.equal(keeper.left, undefined);
  assert.equal(keeper.revision, 1);
  assert.deepEqual(heard.at(-1), { kind: "saved", revision: 1 });
});

test("without an answer it is sent again under the same name, later and later", async () => {
  const { server, keeper, heard } = begin();
  server.broken = () => { throw new TypeError("no network"); };
  void keeper.edited(bytes(7));
  await pass(20_000);
  const tries = server.asked.length;
  assert(tries >= 3 && tries <= 8, `${tries} tries`);
  assert.equal(new Set(server.asked.map((a) => a.id)).size, 1);
  assert.equal(heard.at(-1)!.kind, "waiting");
  server.broken = () => answer(503, { error: { message: "busy" } }, { "Retry-After": "40" });
  await pass(60_000);
  const before = server.asked.length;
  server.broken = undefined;
  await pass(120_000);
  assert.equal(server.asked.length, before + 1);
  assert.deepEqual(server.revisions, [bytes(7)]);
  assert.deepEqual(heard.at(-1), { kind: "saved", revision: 1 });
});

test("what is drawn while a save is on its way becomes the next save", async () => {
  const { server, keeper } = begin();
  let let1: (r: Response) => void = () => {};
  server.broken = () => new Promise((resolve) => { let1 = resolve; });
  void keeper.edited(bytes(1));
  await pass(1000);
  void keeper.edited(bytes(2));
  await pass(1000);
  assert.equal(server.asked.length, 1);
  server.broken = undefined;
  server.revisions.push(server.asked[0].data);
  let1(answer(200, { revision: 1 }));
  await pass(3000);
  assert.deepEqual(server.revisions, [bytes(1), bytes(2)]);
  assert.deepEqual(server.asked.map((a) => a.base), ['"0"', '"1"']);
  assert.equal(keeper.revision, 2);
});

test("where somebody saved meanwhile, nothing is sent until one has chosen", async () => {
  const { server, keeper, heard, picture } = begin();
  server.revisions.push(bytes(9));
  void keeper.edited(bytes(1));
  await pass(60_000);
  assert.equal(server.asked.length, 1);
  assert.equal(heard.at(-1)!.kind, "conflict");
  const clash = sync.clashOf(picture)!;
  assert.deepEqual(clash.theirs, { revision: 1, author: "Ann", time: "2026-01-01T00:00:00Z", data: bytes(9) });
  void keeper.edited(bytes(1, 1)); // drawn on under the question
  await pass(60_000);
  assert.equal(server.asked.length, 1);
  void sync.settle(clash, bytes(9), true);
  await pass(3000);
  assert.deepEqual(server.revisions, [bytes(9), bytes(1, 1), bytes(9)]); // mine goes into the history first
  assert.equal(sync.clashOf(picture), undefined);
  assert.deepEqual(heard.at(-1), { kind: "saved", revision: 3 });
});

test("two who drew the same are not asked", async () => {
  const { server, keeper, heard, picture } = begin();
  server.revisions.push(bytes(4, 2));
  void keeper.edited(bytes(4, 2));
  await pass(5000);
  assert.equal(sync.clashOf(picture), undefined);
  assert.deepEqual(heard.at(-1), { kind: "saved", revision: 1 });
  assert.equal(keeper.revision, 1);
});

test("what the server refuses is not sent again until it is drawn on", async () => {
  const { server, keeper, heard } = begin();
  server.broken = () => answer(400, { error: { code: "bad_labels", message: "these labels are damaged" } });
  void keeper.edited(bytes(0));
  await pass(120_000);
  assert.equal(server.asked.length, 1);
  assert.deepEqual(heard.at(-1), { kind: "refused", reason: "these labels are damaged" });
  server.broken = undefined;
  void keeper.edited(bytes(5));
  await pass(5000);
  assert.deepEqual(server.revisions, [bytes(5)]);
  assert(!kinds(heard).includes("conflict"));
});
