import assert from "node:assert/strict";
import { test } from "node:test";
import { Pace } from "../src/inspect/pace";

test("the time left is the pace of the last results times what is missing", () => {
  const pace = new Pace();
  pace.done(0);
  pace.done(1000);
  assert.equal(pace.left(10, 1000), -1); // two say nothing
  pace.done(2000);
  assert.equal(pace.left(10, 2000), 10);
  assert.equal(pace.left(10, 2500), 10);
  // A picture that takes longer than those before it makes it longer, not shorter.
  assert.equal(Math.round(pace.left(10, 8000)), 27);
  // Only the last thirty count: tiles are slower than small pictures.
  for (let t = 12_000; t <= 300_000; t += 10_000) pace.done(t);
  for (let i = 0; i < 30; i++) pace.done(400_000 + 500 * i);
  assert.equal(Math.round(pace.left(60, 400_000 + 500 * 29)), 30);
  pace.restart();
  assert.equal(pace.left(10, 500_000), -1);
});
