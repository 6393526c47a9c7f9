// The panel's part on a region that grows from clicks: what the next click says, and what the region is accepted as.
import { make, plural, say } from "../dom";
import type { DeskState } from "../go/desk";
import type { As } from "../go/words";
import { chosen, type Wishes } from "./panel";

export class RegionPanel {
  readonly root: HTMLElement;
  private readonly text = make("p", { class: "sum" });
  private readonly says: [HTMLButtonElement, HTMLButtonElement];
  private readonly answers: HTMLElement;

  constructor(wishes: Pick<Wishes, "set" | "take" | "give">) {
    const says = (text: string, not: boolean) => make("button", { type: "button", onclick: () => wishes.set("not", not) }, text);
    this.says = [says("Defect", false), says("Not a defect", true)];
    const take = (text: string, as: As, key: string, cls = "") =>
      make("button", { type: "button", class: cls, title: `Accept as ${text.toLowerCase()} (${key})`, onclick: () => wishes.take(as) }, text);
    this.answers = make("div", { class: "take" }, make("div", { class: "row" }, take("Pixels", "pixels", "Enter", "main"), take("Blocks", "blocks", "Shift+Enter"), take("Box", "box", "Ctrl+B")),
      make("div", { class: "row" }, make("button", { type: "button", title: "Give up (Esc)", onclick: () => wishes.give() }, "Give up")));
    this.root = make("section", { class: "region", "aria-label": "Region from clicks" }, make("h2", {}, "The next click is on"),
      make("div", { class: "row", role: "group", "aria-label": "The next click is on" }, ...this.says), this.text, this.answers);
  }

  set(): void { this.says.forEach((b, i) => b.setAttribute("aria-pressed", String(chosen.not === (i === 1)))); }

  show(s: DeskState): void {
    this.answers.hidden = !s.clicks;
    say(this.text, s.clicks ? `${plural(s.clicks, "click")}, ${s.grown.toLocaleString()} px. Accept as:` : "Click in the middle of the defect.");
  }
}
