// What stands around the picture on the labelling screen: its head, the tools at its side, the line below it.
import { icon, make, say } from "../dom";
import type { DeskState } from "../go/desk";
import type { Tool } from "../go/words";
import { href } from "../router";
import { toolIcon } from "./icons";
import { toolButton } from "./panel";
import { tools } from "./words";

/** What its buttons ask for. */
export interface Asks {
  tool(name: Tool): void; undo(): void; redo(): void; step(by: number): void; next(): void; help(): void;
  zoom(factor: number): void; actual(): void; fit(): void;
}

export class Frame {
  readonly head: HTMLElement;
  readonly bar = make("div", { class: "label-tools", role: "toolbar", "aria-label": "Tools", "aria-orientation": "vertical" });
  readonly foot: HTMLElement;
  private readonly title = make("h2", { class: "label-title" });
  private readonly count = make("span", { class: "quiet" });
  private readonly hint = make("span", { class: "hint" });
  private readonly where = make("span", { class: "where" });
  private readonly zoom: HTMLButtonElement;
  private readonly undo: HTMLButtonElement;
  private readonly redo: HTMLButtonElement;
  private readonly buttons = new Map<Tool, HTMLButtonElement>();

  constructor(project: string, asks: Asks, saved: HTMLElement) {
    const press = (name: string, title: string, run: () => void, ...content: (Node | string)[]) =>
      make("button", { type: "button", title, "aria-label": name, onclick: run }, ...content);
    for (const [name, t] of Object.entries(tools) as [Tool, NonNullable<(typeof tools)[Tool]>][]) {
      const b = toolButton(name, t.name, t.key, () => asks.tool(name));
      this.buttons.set(name, b);
      this.bar.append(b);
    }
    this.undo = press("Undo", "Undo (Ctrl+Z)", () => asks.undo(), toolIcon("undo"));
    this.redo = press("Redo", "Redo (Ctrl+Y)", () => asks.redo(), toolIcon("redo"));
    this.bar.append(make("hr"), make("div", { class: "steps" }, this.undo, this.redo));
    this.head = make("div", { class: "label-head" },
      make("a", { class: "button", href: href(project), title: "Back to the pictures" }, toolIcon("back"), "Pictures"), this.title, this.count, make("span", { class: "spring" }), saved,
      make("div", { class: "group", role: "group", "aria-label": "Go to" },
        press("Picture before", "Picture before (PgUp)", () => asks.step(-1), toolIcon("back")), press("Next picture", "Next picture (PgDn)", () => asks.step(1), toolIcon("next")),
        make("button", { type: "button", class: "main", title: "Next unlabelled (U)", onclick: () => asks.next() }, "Next unlabelled")),
      make("button", { type: "button", class: "label-help-open", title: "Keyboard (?)", "aria-label": "Keyboard", onclick: () => asks.help() }, icon("help")));
    this.zoom = make("button", { type: "button", class: "number", title: "Actual pixels (Z)", onclick: () => asks.actual() });
    this.foot = make("div", { class: "foot" }, this.where, this.hint, make("div", { class: "group", role: "group", "aria-label": "Zoom" },
      press("Zoom out", "Zoom out (−)", () => asks.zoom(1 / 1.5), icon("minus")), this.zoom, press("Zoom in", "Zoom in (+)", () => asks.zoom(1.5), icon("add")),
      press("Fit the picture to the view", "Fit (0)", () => asks.fit(), icon("fit"))));
  }

  /** Names the picture that is labelled. */
  name(name: string): void {
    say(this.title, name);
    this.title.title = name;
  }

  /** Says which of the pictures it is, from 1, and how many wait for labels. */
  place(place: number, of: number, waiting: number): void {
    say(this.count, `${place} of ${of} · ${waiting ? `${waiting} unlabelled` : "all labelled"}`);
  }

  tool(name: Tool): void {
    for (const [other, b] of this.buttons) b.setAttribute("aria-pressed", String(other === name));
    this.buttons.get(name)?.scrollIntoView({ block: "nearest", inline: "nearest" }); // on a phone the bar scrolls
    say(this.hint, tools[name]?.hint ?? "");
  }

  /** Shows what a frame changed; scale is screen pixels a picture pixel. */
  show(s: DeskState, where: string, scale: number): void {
    this.undo.disabled = !s.canUndo;
    this.redo.disabled = !s.canRedo;
    say(this.where, where);
    say(this.zoom, `${Math.round(scale * 100)} %`);
  }
}
