import "./browser";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeskState } from "../src/go/desk";
import { Act, Ask, At, Outcome, Style, Tool } from "../src/go/words";
import { toolIcon } from "../src/label/icons";
import { standingText } from "../src/label/saved";
import { clock, outcomeText, shapeText, sumText, tools } from "../src/label/words";

test("numbers that are looked up by their place count from 0 without a gap", () => {
  for (const [name, list] of Object.entries({ Act, Ask, Outcome, Style, Tool })) {
    assert.deepEqual(Object.values(list), Object.keys(list).map((_, i) => i), name);
  }
  assert.equal(At.end - At.spent, Object.keys(Tool).length);
});

const blank: DeskState = { revision: 0, busy: false, canUndo: false, canRedo: false, normal: false, labelled: false, shapes: 0, proposed: 0,
  pixels: 0, blocks: 0, points: 0, clicks: 0, grown: 0, focusX: 0, focusY: 0, place: 0, spent: [] };
const box = { id: 1, proposed: false, points: 0, x: 10, y: 20.04, w: 30, h: 40.25, angle: 0, name: "" };

test("shapes in words", () => {
  assert.equal(shapeText(box), "box, 30 × 40.3 at 10, 20");
  assert.equal(shapeText({ ...box, proposed: true, name: "dent" }), "proposed box “dent”, 30 × 40.3 at 10, 20");
  assert.equal(shapeText({ ...box, angle: Math.PI / 6 }), "rotated box, 30 × 40.3 at 10, 20, 30°");
  assert.equal(shapeText({ ...box, angle: -Math.PI / 2 }), "rotated box, 30 × 40.3 at 10, 20, -90°");
  assert.equal(shapeText({ ...box, points: 5 }), "polygon of 5 points, 30 × 40.3 at 10, 20");
});

test("labels in a line", () => {
  assert.equal(sumText(blank), "Not labelled");
  assert.equal(sumText({ ...blank, normal: true }), "Normal: no defect");
  assert.equal(sumText({ ...blank, shapes: 3, proposed: 1, blocks: 1, pixels: 12 }), "2 shapes, 1 block, 12 px, 1 proposal");
});

test("every outcome but two is told", () => {
  for (const o of Object.keys(Outcome) as Outcome[]) {
    const text = outcomeText(o, { ...blank, selected: box, place: 1, shapes: 1 });
    assert.equal(text === "", o === "silent" || o === "nothingToDo", `${o}: ${text}`);
  }
});

test("the clock of labelling", () => {
  for (const [ms, want] of [[0, "0:00.0"], [7_349, "0:07.3"], [59_999, "0:59.9"], [60_000, "1:00.0"], [599_900, "9:59.9"], [761_000, "12:41"]] as const) assert.equal(clock(ms), want);
});

test("no two tools share a key, and each has an icon", () => {
  const keys = Object.values(tools).map((t) => t.key);
  assert.equal(new Set(keys).size, keys.length);
  const seen: string[] = [];
  (globalThis as unknown as { document: object }).document = { createElementNS: () => ({ setAttribute: (k: string, v: string) => { if (k === "d") seen.push(v); }, append: () => {} }) };
  for (const name of Object.keys(tools)) toolIcon(name);
  assert.equal(new Set(seen.filter(Boolean)).size, keys.length);
});

test("how labels stand, in words", () => {
  assert.equal(standingText({ kind: "saved", revision: 0 }, 0, "", true, 0), "Nothing to save yet");
  assert.equal(standingText({ kind: "saved", revision: 3 }, 0, "", true, 0), "Saved · revision 3");
  assert.equal(standingText({ kind: "saved", revision: 3 }, 1, "a.png", true, 0), "Two versions of a.png: choose");
  assert.equal(standingText({ kind: "waiting", reason: "No connection", until: 5200 }, 3, "", true, 1000), "Kept in this browser. No connection; again in 5 s (3 pictures)");
  assert.equal(standingText({ kind: "sending" }, 1, "", false, 0), "Saving…. This browser keeps nothing: leave the page open");
});
