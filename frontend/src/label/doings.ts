// What the keys of the labelling screen do to the work on one picture.
import { As, type Outcome } from "../go/words";
import type { Doing } from "./keys";
import { brush, chosen } from "./panel";
import type { Sheet } from "./sheet";
import { inHand, type Work } from "./work";

export function doings(work: Work, sheet: Sheet): Doing {
  const { desk, around } = work;
  const fly = (o: Outcome) => { work.done(o); work.follow(); };
  return {
    tool: (name) => around.tool(name),
    act: (name) => work.done(desk.act(name)),
    take: (as) => { around.set("not", false); work.done(desk.act("take", As[as])); },
    confirm: () => work.done(desk.act("confirm")),
    step: (by) => { const o = desk.act("step", by); fly(o); return o !== "nothingToDo"; },
    arrow: (dx, dy) => {
      const s = desk.state();
      if (inHand.tool === "select" && !s.selected && !s.busy) { work.view.pan(-dx * 40, -dy * 40, sheet.box, sheet.size); return; }
      fly(desk.act("arrow", dx, dy));
    },
    grow: (dw, dh) => fly(desk.act("grow", dw, dh)),
    turn: (degrees) => fly(desk.act("turn", degrees)),
    press: () => { if (work.space === "up") work.space = "down"; },
    propose: () => { if (inHand.tool === "block8" || inHand.tool === "block16") work.proposeBlocks(); else fly(desk.act("propose", chosen.threshold)); },
    brush: (factor) => { around.set("radius", Math.min(Math.max(chosen.radius * factor, brush.least), brush.most)); },
    picture: (by) => around.go(by),
    nextUnlabelled: () => around.next(),
    zoom: (factor) => work.view.zoomAt(factor, sheet.box.width / 2, sheet.box.height / 2, sheet.box, sheet.size),
    fit: () => work.view.fit(),
    actual: () => work.view.actual(sheet.box, sheet.size),
    flip: (what) => around.set(what, !chosen[what]),
  };
}
