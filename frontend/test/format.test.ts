import "./browser";
import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, left, measure, spent, supervisionName, when } from "../src/format";
import { plural } from "../src/dom";

test("measures have three places, or a dash", () => {
  assert.equal(measure(0.98765), "0.988");
  assert.equal(measure(1), "1.000");
  assert.equal(measure(0), "0.000");
  assert.equal(measure(null), "–");
  assert.equal(measure(undefined), "–");
});

test("times of labelling", () => {
  for (const [ms, want] of [[0, "0.0 s"], [9_949, "9.9 s"], [10_000, "10 s"], [99_400, "99 s"], [9_960, "10 s"], [100_000, "1 min 40 s"], [119_700, "2 min 0 s"], [7_195_000, "2 h 0 min"], [3_725_000, "62 min 5 s"], [7_500_000, "2 h 5 min"]] as const) {
    assert.equal(spent(ms), want, String(ms));
  }
});

test("seconds left are said only where they are known", () => {
  for (const [s, want] of [[-1, ""], [NaN, ""], [0, "about 1 s left"], [0.2, "about 1 s left"], [89, "about 89 s left"], [120, "about 2 min left"], [9000, "about 2.5 h left"]] as const) {
    assert.equal(left(s), want, String(s));
  }
});

test("sizes", () => {
  for (const [n, want] of [[0, "0 B"], [999, "999 B"], [1000, "1.00 KB"], [999_499, "999 KB"], [999_500, "1.00 MB"], [12_345_678, "12.3 MB"], [5e9, "5.00 GB"]] as const) {
    assert.equal(bytes(n), want, String(n));
  }
});

test("words", () => {
  assert.equal(plural(1, "box", "boxes"), "1 box");
  assert.equal(plural(0, "box", "boxes"), "0 boxes");
  assert.equal(plural(2, "shape"), "2 shapes");
  assert.equal(when(undefined), "–");
  assert.equal(when("not a time"), "–");
  assert.equal(when("0001-01-01T00:00:00Z"), "–"); // Go's zero time
  assert.equal(supervisionName("something new"), "something new");
});
