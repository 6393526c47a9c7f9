// The project's pictures in a row under the one that is labelled, and the way from one to the next.
import * as api from "../api";
import { make, say } from "../dom";
import { labelled, labelText, shownName } from "../project/picture";

/** How many pictures on each side of the current one are in the row: a project may have thousands. */
const around = 60;

export class Strip {
  readonly root = make("nav", { class: "label-strip", "aria-label": "Pictures" });
  private readonly list = make("ul");
  private pictures: api.Picture[] = [];
  private current = "";
  private readonly items = new Map<string, HTMLButtonElement>();

  constructor(private readonly project: string, private readonly go: (id: string) => void) { this.root.append(this.list); }

  show(pictures: api.Picture[]): void {
    this.pictures = [...pictures].sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
    this.draw();
  }

  /** Shows a picture as the current one. */
  at(id: string): void {
    this.current = id;
    this.draw();
  }

  find(id: string): api.Picture | undefined { return this.pictures.find((p) => p.id === id); }
  get count(): number { return this.pictures.length; }
  get place(): number { return this.pictures.findIndex((p) => p.id === this.current); }

  /** Pictures that wait for labels. One that was brought in as normal does not. */
  get waiting(): number { return this.pictures.filter(waits).length; }

  step(by: number): api.Picture | undefined { return this.pictures[this.place + by]; }

  /** The next picture that waits, from the current one on, and around. */
  next(): api.Picture | undefined {
    const n = this.pictures.length;
    for (let i = 1; i < n; i++) {
      const p = this.pictures[(Math.max(this.place, 0) + i) % n];
      if (waits(p)) return p;
    }
    return undefined;
  }

  /** A picture's labels have another state. */
  update(id: string, labels: api.LabelState): void {
    const p = this.find(id), button = this.items.get(id);
    if (p) p.labels = labels;
    if (p && button) describe(button, p);
  }

  private draw(): void {
    const at = Math.max(this.place, 0);
    const seen = this.pictures.slice(Math.max(at - around, 0), at + around + 1);
    this.items.clear();
    this.list.replaceChildren(...seen.map((p) => {
      const button = make("button", { title: p.path || p.name, ...(p.id === this.current ? { "aria-current": "true" } : {}), onclick: () => this.go(p.id) },
        make("img", { src: api.at("projects", this.project, "pictures", p.id, "thumbnail"), alt: "", loading: "lazy", width: 60, height: 46 }), make("span", {}));
      this.items.set(p.id, button);
      describe(button, p);
      return make("li", {}, button);
    }));
    const button = this.items.get(this.current);
    if (button) this.list.scrollLeft = button.offsetLeft - this.list.clientWidth / 2 + button.offsetWidth / 2;
  }
}

const waits = (p: api.Picture): boolean => !labelled(p) && p.role !== "normal";

function describe(button: HTMLButtonElement, p: api.Picture): void {
  button.dataset.state = labelled(p) ? (p.labels!.normal ? "normal" : "marked") : p.role === "normal" ? "given" : "waiting";
  const s = p.labels;
  say(button.querySelector("span")!, labelled(p) ? (s!.normal ? "normal" : `${s!.boxes + s!.polygons || "✓"}`) : "");
  button.setAttribute("aria-label", `${shownName(p)}, ${labelText(p)}`);
}
