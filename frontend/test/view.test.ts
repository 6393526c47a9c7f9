import "./browser";
import assert from "node:assert/strict";
import { test } from "node:test";
import { View } from "../src/view";

const pane = { width: 800, height: 600 }, picture = { width: 2000, height: 1000 };

test("zooming keeps the point under the pointer", () => {
  const view = new View();
  for (const [x, y, factor] of [[400, 300, 2], [300, 250, 1.7], [600, 320, 1.25], [350, 310, 0.7]]) {
    const a = view.place(pane, picture), px = (x - a.x) / a.scale, py = (y - a.y) / a.scale;
    view.zoomAt(factor, x, y, pane, picture);
    const b = view.place(pane, picture);
    // Places are whole CSS pixels.
    assert(Math.abs(b.x + px * b.scale - x) <= 1 && Math.abs(b.y + py * b.scale - y) <= 1, `${x}, ${y} by ${factor}`);
  }
});

test("no picture is panned or zoomed out of sight", () => {
  const view = new View();
  view.zoomAt(1e-9, 400, 300, pane, picture);
  assert.equal(view.zoom, 0.5);
  view.zoomAt(1e9, 400, 300, pane, picture);
  assert.equal(Math.round(view.place(pane, picture).scale), 32);
  for (const [dx, dy] of [[1e7, 0], [-1e8, 1e8], [0, -1e8]]) {
    view.pan(dx, dy, pane, picture);
    const at = view.place(pane, picture);
    assert(at.x < pane.width && at.y < pane.height && at.x + picture.width * at.scale > 0 && at.y + picture.height * at.scale > 0);
  }
  view.fit();
  assert.deepEqual([view.zoom, view.cx, view.cy], [1, 0.5, 0.5]);
});
