// Pointers on the picture: one draws; the middle or right button, Space held, or two fingers move the view.
import type { Desk } from "../go/desk";
import { Keys, type Outcome } from "../go/words";
import type { Sheet } from "./sheet";

export interface Hands { told(o: Outcome): void; touched(): void; at(x: number, y: number): void; space(): boolean; keys(): number }

const keysOf = (event: MouseEvent): number => (event.shiftKey ? Keys.shift : 0) | (event.ctrlKey || event.metaKey || event.altKey ? Keys.other : 0);

/** Listens on a sheet's pane until it is aborted. */
export function listen(sheet: Sheet, desk: Desk, hands: Hands, until: AbortSignal): void {
  const root = sheet.root, view = sheet.view;
  const options = { signal: until };
  let box = root.getBoundingClientRect();
  let drawing = 0; // the pointer that draws, 0 for none
  const panning = new Map<number, { x: number; y: number }>();
  const place = (event: MouseEvent) => ({ x: event.clientX - box.left, y: event.clientY - box.top });

  const aim = () => { box = root.getBoundingClientRect(); sheet.aim(); };

  root.addEventListener("pointerenter", aim, options);
  root.addEventListener("pointerdown", (event) => {
    aim();
    const { x, y } = place(event);
    root.focus({ preventScroll: true });
    root.setPointerCapture(event.pointerId);
    hands.touched();
    const second = event.pointerType === "touch" && (drawing || panning.size);
    if (second && drawing) { // a second finger: both move the view
      desk.cancel();
      panning.set(drawing, { x, y });
      drawing = 0;
    }
    if (second || event.button === 1 || event.button === 2 || hands.space()) {
      panning.set(event.pointerId, { x, y });
      root.classList.add("held");
    } else if (event.button === 0 && !drawing) {
      drawing = event.pointerId;
      desk.down(x, y, keysOf(event) | hands.keys(), event.timeStamp);
    }
    sheet.wake();
    event.preventDefault();
  }, options);

  root.addEventListener("pointermove", (event) => {
    const to = place(event), from = panning.get(event.pointerId);
    hands.touched();
    if (!from) {
      // A stroke goes through every place that the pointer passed, not only the last one of the frame.
      const all = event.pointerId === drawing && event.getCoalescedEvents ? event.getCoalescedEvents() : [];
      for (const e of all.length ? all : [event]) {
        const p = place(e);
        desk.move(p.x, p.y, keysOf(event), event.timeStamp);
      }
      hands.at(to.x, to.y);
      sheet.wake();
      return;
    }
    if (panning.size === 2) {
      const other = [...panning].find(([id]) => id !== event.pointerId)![1];
      const before = Math.hypot(from.x - other.x, from.y - other.y), after = Math.hypot(to.x - other.x, to.y - other.y);
      view.pan((to.x - from.x) / 2, (to.y - from.y) / 2, sheet.box, sheet.size);
      if (before > 0) view.zoomAt(after / before, (to.x + other.x) / 2, (to.y + other.y) / 2, sheet.box, sheet.size);
    } else {
      view.pan(to.x - from.x, to.y - from.y, sheet.box, sheet.size);
    }
    panning.set(event.pointerId, to);
  }, options);

  const end = (event: PointerEvent, kept: boolean) => {
    if (panning.delete(event.pointerId)) {
      if (!panning.size) root.classList.remove("held");
      return;
    }
    if (event.pointerId !== drawing) return;
    drawing = 0;
    const { x, y } = place(event);
    if (kept) hands.told(desk.up(x, y, keysOf(event), event.timeStamp));
    else desk.cancel();
    sheet.wake();
  };
  root.addEventListener("pointerup", (event) => end(event, true), options);
  root.addEventListener("pointercancel", (event) => end(event, false), options);
  root.addEventListener("pointerleave", () => { desk.leave(); hands.at(NaN, NaN); sheet.wake(); }, options);
  root.addEventListener("contextmenu", (event) => event.preventDefault(), options);
  root.addEventListener("dblclick", (event) => { aim(); const p = place(event); hands.told(desk.twice(p.x, p.y)); sheet.wake(); }, options);
  root.addEventListener("wheel", (event) => {
    event.preventDefault();
    aim();
    const { x, y } = place(event), lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    // A pinch on a touchpad comes as a wheel with Ctrl and small steps.
    view.zoomAt(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0015)), x, y, sheet.box, sheet.size);
    sheet.aim();
    desk.move(x, y, keysOf(event) & Keys.shift, event.timeStamp);
    hands.touched();
  }, { signal: until, passive: false });
}
