// A grid of thousands of thumbnails: only those in sight are elements. Arrow keys move through it, Space marks a picture,
// Enter opens it.
import type { Picture } from "../api";
import * as api from "../api";
import { icon, make, say, swapIcon } from "../dom";
import { spent } from "../format";
import { labelled, labelText, pictureMillis, shownName } from "./picture";
import { href } from "../router";
import { Signal } from "../signal";

const width = 148, height = 164, gap = 8; // of a cell, CSS pixels
/** Rows built beyond what is seen, so that scrolling finds them there. */
const spare = 2;

interface Cell { root: HTMLElement; link: HTMLAnchorElement; img: HTMLImageElement; check: HTMLInputElement; icon: SVGElement; state: HTMLElement; tags: HTMLElement; name: HTMLElement; id: string }

export class Grid {
  readonly root = make("div", { class: "grid", role: "list", "aria-label": "Pictures" });
  /** What is marked changed. */
  readonly marking = new Signal();
  readonly marked = new Set<string>();
  private list: Picture[] = [];
  private cells = new Map<number, Cell>();
  private columns = 1;
  private asked = 0;
  private last = -1; // marked last: Shift marks from there

  constructor(private project: string, private scroller: HTMLElement, private selectable: boolean, until: AbortSignal) {
    scroller.addEventListener("scroll", () => this.soon(), { signal: until, passive: true });
    const sized = new ResizeObserver(() => this.soon());
    sized.observe(this.root);
    sized.observe(scroller);
    until.addEventListener("abort", () => sized.disconnect());
    this.root.addEventListener("keydown", (event) => this.key(event));
  }

  show(list: Picture[]): void {
    this.list = list;
    const known = new Set(list.map((p) => p.id));
    for (const id of this.marked) if (!known.has(id)) this.marked.delete(id);
    this.soon();
    this.marking.emit();
  }

  clear(): void {
    this.marked.clear();
    this.root.classList.remove("marking");
    this.soon();
    this.marking.emit();
  }

  markAll(): void {
    for (const p of this.list) this.marked.add(p.id);
    this.soon();
    this.marking.emit();
  }

  private soon(): void { this.asked ||= requestAnimationFrame(() => { this.asked = 0; this.draw(); }); }

  private draw(): void {
    const inside = this.root.clientWidth;
    if (!inside) return;
    this.columns = Math.max(1, Math.floor((inside + gap) / (width + gap)));
    const rows = Math.ceil(this.list.length / this.columns), pitch = height + gap;
    this.root.style.height = `${Math.max(rows * pitch - gap, 0)}px`;
    const above = this.scroller.getBoundingClientRect().top - this.root.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(above / pitch) - spare) * this.columns;
    const end = Math.min(this.list.length, (Math.ceil((above + this.scroller.clientHeight) / pitch) + spare) * this.columns);
    const focused = [...this.cells].find(([, c]) => c.root.contains(document.activeElement))?.[0];
    for (const [i, c] of this.cells) {
      if ((i >= first && i < end) || (i === focused && i < this.list.length)) continue;
      c.root.remove();
      this.cells.delete(i);
    }
    for (let i = first; i < end; i++) this.place(i);
    if (focused !== undefined && focused < this.list.length && !this.cells.has(focused)) this.place(focused);
  }

  private place(i: number): void {
    let c = this.cells.get(i);
    if (!c) {
      c = this.make(i);
      this.cells.set(i, c);
      // In the list's order, for those who go by Tab.
      const next = [...this.cells.keys()].filter((k) => k > i).sort((a, b) => a - b)[0];
      this.root.insertBefore(c.root, next === undefined ? null : this.cells.get(next)!.root);
    }
    const column = i % this.columns, step = (this.root.clientWidth + gap) / this.columns;
    c.root.style.width = `${step - gap}px`;
    c.root.style.transform = `translate(${column * step}px, ${Math.floor(i / this.columns) * (height + gap)}px)`;
    this.fill(c, i);
  }

  private make(i: number): Cell {
    const img = make("img", { alt: "", loading: "lazy", decoding: "async" }), name = make("span", { class: "name" });
    const mark = icon("good"), state = make("span", {}), tags = make("span", { class: "tags" });
    const link = make("a", {}, make("span", { class: "frame" }, img), name, make("span", { class: "state" }, mark, state), tags);
    const check = make("input", { type: "checkbox", onclick: (event) => this.mark(i, (event as MouseEvent).shiftKey) });
    const root = make("div", { class: "cell", role: "listitem" }, link, ...(this.selectable ? [check] : []));
    return { root, link, img, check, icon: mark, state, tags, name, id: "" };
  }

  private fill(c: Cell, i: number): void {
    const p = this.list[i], time = pictureMillis(p), state = labelText(p) + (time ? ` · ${spent(time)}` : "");
    if (c.id !== p.id) {
      c.id = p.id;
      c.img.src = api.at("projects", this.project, "pictures", p.id, "thumbnail");
      c.link.href = href(this.project, "label", p.id);
      say(c.name, shownName(p));
      c.link.title = p.path || p.name;
      c.root.setAttribute("aria-setsize", String(this.list.length));
      c.root.setAttribute("aria-posinset", String(i + 1));
    }
    c.root.dataset.role = p.role || "unsaid";
    c.root.dataset.labelled = String(labelled(p));
    c.icon.toggleAttribute("hidden", p.role === "normal" && !labelled(p));
    swapIcon(c.icon, labelled(p) ? "good" : "pencil");
    say(c.state, state);
    const tags = [p.role === "defective" ? p.kind || "defective" : p.role || "role not said", ...(p.held ? ["held out"] : []), ...(p.truth ? ["truth"] : [])];
    if (c.tags.textContent !== tags.join("")) c.tags.replaceChildren(...tags.map((t) => make("span", { class: "tag " + (t === "held out" ? "held" : "") }, t)));
    c.check.setAttribute("aria-label", `Mark ${shownName(p)}`);
    c.check.checked = this.marked.has(p.id);
    c.root.classList.toggle("marked", c.check.checked);
  }

  private mark(i: number, range: boolean): void {
    const on = !this.marked.has(this.list[i].id);
    const from = range && this.last >= 0 ? Math.min(this.last, i) : i, to = range && this.last >= 0 ? Math.max(this.last, i) : i;
    for (let k = from; k <= to; k++) {
      if (on) this.marked.add(this.list[k].id);
      else this.marked.delete(this.list[k].id);
    }
    this.last = i;
    this.root.classList.toggle("marking", this.marked.size > 0);
    this.draw();
    this.marking.emit();
  }

  private key(event: KeyboardEvent): void {
    const at = [...this.cells].find(([, c]) => c.root.contains(event.target as Node))?.[0];
    if (at === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.columns, ArrowUp: -this.columns, Home: -at, End: this.list.length - 1 - at };
    const step = steps[event.key];
    if (step !== undefined) {
      event.preventDefault();
      this.focus(Math.min(Math.max(at + step, 0), this.list.length - 1));
    } else if (event.key === " " && this.selectable && event.target === this.cells.get(at)!.link) {
      event.preventDefault();
      this.mark(at, event.shiftKey);
    }
  }

  private focus(i: number): void {
    this.place(i);
    const { root, link } = this.cells.get(i)!;
    link.focus({ preventScroll: true });
    root.scrollIntoView({ block: "nearest" });
    this.soon();
  }
}
