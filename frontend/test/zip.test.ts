import assert from "node:assert/strict";
import { test } from "node:test";
import { Zip } from "../src/inspect/zip";

test("an archive has a directory of its files", async () => {
  const zip = new Zip();
  await zip.add("lot/Öse.png", new Blob(["123456789"]));
  await zip.add("empty", new Blob([]));
  const bytes = new Uint8Array(await zip.finish().arrayBuffer()), view = new DataView(bytes.buffer);
  const name = new TextEncoder().encode("lot/Öse.png").length;
  assert.equal(view.getUint32(0), 0x504b0304);
  assert.equal(view.getUint32(14, true), 0xcbf43926); // the check value of CRC-32
  const end = bytes.length - 22;
  assert.equal(view.getUint32(end), 0x504b0506);
  assert.equal(view.getUint16(end + 10, true), 2);
  const directory = view.getUint32(end + 16, true);
  assert.equal(directory, 30 + name + 9 + 30 + 5);
  assert.equal(view.getUint32(directory), 0x504b0102);
  const second = directory + 46 + name;
  assert.equal(view.getUint32(second + 42, true), 30 + name + 9);
});
