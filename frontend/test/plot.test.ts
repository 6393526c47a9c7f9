import "./browser";
import assert from "node:assert/strict";
import { test } from "node:test";
import { scale, ticks } from "../src/project/plot";

test("ticks are round and hold the bounds", () => {
  assert.deepEqual(ticks([0, 1], 6), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(ticks([0.91, 0.998], 5), [0.9, 0.925, 0.95, 0.975, 1]);
  assert.deepEqual(ticks([0, 900], 4), [0, 500, 1000]);
  for (let i = 1; i < 400; i++) {
    const low = -50 + (i * 7919) % 97, high = low + 10 ** ((i % 13) - 6) * (1 + i % 9), n = 3 + i % 8;
    const got = ticks([low, high], n), step = got[1] - got[0], slack = 1e-9 * Math.max(Math.abs(low), Math.abs(high));
    assert(got[0] <= low + slack && got.at(-1)! >= high - slack, `${low} to ${high}: ${got}`);
    assert(got.length >= 2 && got.length <= n + 2, `${low} to ${high} in ${n}: ${got}`);
    const digit = Number((step / 10 ** Math.floor(Math.log10(step) + 1e-9)).toPrecision(3));
    assert([1, 2, 2.5, 5, 10].includes(digit), `${low} to ${high}: steps of ${step}`);
  }
});

test("an axis keeps the ends it is told and survives no numbers", () => {
  const format = String;
  assert.deepEqual(scale([0.93, 0.97], { label: "AP", min: 0.9, max: 1, format }, 5), [[0.9, 0.925, 0.95, 0.975, 1], 0.9, 1]);
  assert.deepEqual(scale([], { label: "x", format }, 3), [[0, 0.5, 1], 0, 1]);
  assert.deepEqual(scale([NaN, Infinity], { label: "x", format }, 3), [[0, 0.5, 1], 0, 1]);
  const [all, low, high] = scale([3, 3, 3], { label: "x", format }, 4); // one value is no width
  assert(low <= 3 && high >= 3 && high > low && all.length >= 2);
});
