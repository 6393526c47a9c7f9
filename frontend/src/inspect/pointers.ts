// Pointers on a pane of the inspection: one drags, two pinch, the wheel zooms.
import { $, say } from "../dom";
import type { View } from "../view";
import type { Pane } from "./pane";

/** Moves the view by a pane's pointers, and says what lies under them. */
export function listen(pane: Pane, view: View): void {
  const down = new Map<number, { x: number; y: number }>();
  const root = pane.root;
  const place = (event: PointerEvent | WheelEvent) => {
    const box = root.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  root.addEventListener("wheel", (event) => {
    const size = pane.size;
    if (!size) return;
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    // A pinch on a touchpad comes as a wheel with Ctrl and small steps.
    const factor = Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0015));
    const { x, y } = place(event);
    view.zoomAt(factor, x, y, pane.box, size);
  }, { passive: false });
  root.addEventListener("pointerdown", (event) => {
    if (event.button > 1) return;
    root.setPointerCapture(event.pointerId);
    down.set(event.pointerId, place(event));
    root.classList.add("held");
  });
  root.addEventListener("pointermove", (event) => {
    const to = place(event), from = down.get(event.pointerId), size = pane.size;
    if (!from || !size) {
      point(pane, to.x, to.y);
      return;
    }
    if (down.size === 1) {
      view.pan(to.x - from.x, to.y - from.y, pane.box, size);
    } else if (down.size === 2) {
      const other = [...down].find(([id]) => id !== event.pointerId)![1];
      const before = Math.hypot(from.x - other.x, from.y - other.y), after = Math.hypot(to.x - other.x, to.y - other.y);
      const mid = { x: (to.x + other.x) / 2, y: (to.y + other.y) / 2 };
      view.pan((to.x - from.x) / 2, (to.y - from.y) / 2, pane.box, size);
      if (before > 0) view.zoomAt(after / before, mid.x, mid.y, pane.box, size);
    }
    down.set(event.pointerId, to);
    point(pane, to.x, to.y);
  });
  const up = (event: PointerEvent) => {
    down.delete(event.pointerId);
    if (!down.size) root.classList.remove("held");
  };
  root.addEventListener("pointerup", up);
  root.addEventListener("pointercancel", up);
  root.addEventListener("pointerleave", () => say($("pointer"), ""));
  root.addEventListener("dblclick", () => view.fit());
}

function point(pane: Pane, x: number, y: number): void {
  const at = pane.under(x, y);
  const score = at?.score === undefined ? "" : ` · ${at.score.toFixed(2)}`;
  say($("pointer"), at ? `x ${at.x}, y ${at.y}${score}` : "");
}
