// Two versions of one picture's labels: both are shown, and one chooses. Nothing is lost, whichever it is.
import { icon, make, plural } from "../dom";
import { when } from "../format";
import { Desk, merge } from "../go/desk";
import type { Upright } from "./upright";
import { Sheet } from "./sheet";
import type { Bytes } from "./drafts";
import { settle, type Clash } from "./sync";
import { clock, sumText } from "./words";
import { View } from "../view";

/** What was chosen: the labels to go on with, and whether mine go into the history first. */
interface Choice { data: Bytes; both: boolean; what: "mine" | "theirs" | "merged" }

/** Asks which version to go on with, and settles it; take is given the labels that were chosen. It resolves to what was done, in words, "" where the choice was put off. */
export async function resolve(c: Clash, picture: Upright, until: AbortSignal, take: (data: Bytes) => void): Promise<string> {
  const choice = await chooseVersion(c, picture, until);
  if (!choice) return "";
  take(choice.data);
  await settle(c, choice.data, choice.both);
  return { mine: "Yours is kept.", theirs: "Theirs is taken.", merged: "Both are merged." }[choice.what];
}

/** Asks; resolves to undefined where the choice was put off. */
function chooseVersion(c: Clash, picture: Upright, until: AbortSignal): Promise<Choice | undefined> {
  return new Promise((resolve) => {
    const stop = new AbortController(), view = new View();
    until.addEventListener("abort", () => dialog.close(), { signal: stop.signal });
    let answer: Choice | undefined;
    const theirs = c.theirs.data!, mine = c.draft.data;
    const merged = merge(c.draft.baseData, mine, theirs);
    const answerWith = (data: Bytes, both: boolean, what: Choice["what"]) => () => { answer = { data, both, what }; dialog.close(); };
    const sides = [
      side("Theirs", `${!c.theirs.author || c.theirs.author === "local" ? "Another tab or person" : c.theirs.author}, ${when(c.theirs.time)}, revision ${c.theirs.revision}`, theirs),
      side("Mine", `This browser, ${when(new Date(c.draft.at).toISOString())}, on revision ${c.draft.base}`, mine),
      ...(merged ? [side("Merged", "Both together", merged)] : []),
    ];

    function side(title: string, from: string, data: Bytes): HTMLElement {
      const desk = new Desk(), bad = desk.open(picture.width, picture.height, data);
      const sheet = new Sheet(desk, view, picture, stop.signal);
      stop.signal.addEventListener("abort", () => desk.close(), { once: true });
      sheet.root.setAttribute("role", "img");
      sheet.show(picture);
      move(sheet);
      const s = desk.state(), boxes = plural(s.shapes - s.proposed, "shape");
      sheet.root.setAttribute("aria-label", `${title}: ${sumText(s)}`);
      return make("section", { "aria-label": title }, make("h3", {}, title), make("p", { class: "quiet" }, from), sheet.root,
        make("p", {}, bad || (s.normal ? "Normal: no defect" : sumText(s) || boxes), make("span", { class: "quiet" }, ` · ${clock(s.spent.reduce((a, b) => a + b, 0))}`)));
    }

    /** The views move together. */
    function move(sheet: Sheet): void {
      sheet.root.addEventListener("wheel", (event) => {
        event.preventDefault();
        const box = sheet.root.getBoundingClientRect();
        view.zoomAt(Math.exp(-event.deltaY * 0.0015), event.clientX - box.left, event.clientY - box.top, sheet.box, sheet.size);
      }, { passive: false });
      sheet.root.addEventListener("pointerdown", (event) => sheet.root.setPointerCapture(event.pointerId));
      sheet.root.addEventListener("pointermove", (event) => {
        if (event.buttons) view.pan(event.movementX, event.movementY, sheet.box, sheet.size);
      });
    }

    const close = make("button", { class: "icon", "aria-label": "Decide later", type: "button", onclick: () => dialog.close() }, icon("close"));
    const keep = make("button", { type: "button", id: "keep-mine", onclick: answerWith(mine, false, "mine") }, "Keep mine");
    const take = make("button", { type: "button", id: "take-theirs", onclick: answerWith(theirs, true, "theirs") }, "Take theirs");
    const both = make("button", { type: "button", class: "main", id: "merge-both", disabled: !merged, autofocus: true,
      onclick: answerWith(merged ?? mine, false, "merged") }, "Merge both");
    const dialog: HTMLDialogElement = make("dialog", { class: "sheet clash", "aria-labelledby": "t-clash", "aria-describedby": "d-clash" },
      make("div", { class: "sheet-head" }, make("h2", { id: "t-clash" }, "Two versions of these labels"), close),
      make("p", { id: "d-clash" }, `${c.draft.name} was labelled elsewhere while you drew. Nothing is lost: whichever you choose, the other version stays in the picture's history.`),
      make("div", { class: "sides" }, ...sides),
      make("div", { class: "answers" }, make("span", { class: "quiet" }, "Wheel zooms, drag moves all views."), take, keep, both));
    dialog.addEventListener("close", () => { stop.abort(); dialog.remove(); resolve(answer); });
    document.body.append(dialog);
    dialog.showModal();
    both.focus();
  });
}
