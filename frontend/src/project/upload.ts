// Bringing pictures into a project: many at once, one request each, a few at a time, with what became of every file.
import * as api from "../api";
import { make, plural, say } from "../dom";
import type { Found } from "../files";
import { maxKind } from "../go/words";

const atOnce = 3;
/** Failures that are listed one by one. */
const listed = 100;

interface Task { found: Found; role: api.Role; held: boolean; kind: string }

export class Upload {
  readonly root: HTMLElement;
  private readonly text = make("b", { role: "status" });
  private readonly bar = make("progress", { max: 1, "aria-label": "Pictures sent" });
  private readonly failures = make("ul", { class: "failures" });
  private readonly stop: HTMLButtonElement;
  private readonly retry: HTMLButtonElement;
  private waiting: Task[] = [];
  private failed: Task[] = [];
  private running = 0;
  private done = 0;
  private total = 0;
  private added = 0;
  private known = 0;
  private stopper = new AbortController();

  /** onAdded is told of pictures as the server has them, and that all is done. */
  constructor(private project: string, private until: AbortSignal, private onAdded: (p: api.Picture | undefined) => void) {
    this.stop = make("button", { class: "small", onclick: () => this.cancel() }, "Stop");
    this.retry = make("button", { class: "small", onclick: () => this.again() }, "Try these again");
    const hide = make("button", { class: "small", onclick: () => { this.root.hidden = true; } }, "Hide");
    this.root = make("div", { class: "upload", hidden: true },
      make("div", { class: "row" }, this.text, this.bar, this.stop, this.retry, hide), this.failures);
    until.addEventListener("abort", () => this.stopper.abort());
  }

  add(list: Found[], role: api.Role, held: boolean): void {
    if (!this.running) this.reset();
    for (const found of list) {
      // A folder's name is the kind of defect, as in the MVTec layout.
      const folder = found.name.includes("/") ? found.name.split("/").at(-2)! : "";
      this.waiting.push({ found, role, held, kind: role === "defective" ? folder.slice(0, maxKind) : "" });
    }
    this.total += list.length;
    this.root.hidden = false;
    this.pump();
  }

  private reset(): void {
    this.waiting = [];
    this.failed = [];
    this.done = this.total = this.added = this.known = 0;
    this.failures.replaceChildren();
    this.stopper = new AbortController();
  }

  private again(): void {
    const list = this.failed;
    this.reset();
    this.waiting = list;
    this.total = list.length;
    this.pump();
  }

  private cancel(): void {
    this.total -= this.waiting.length;
    this.waiting = [];
    this.stopper.abort();
  }

  private pump(): void {
    while (this.running < atOnce && this.waiting.length) void this.send(this.waiting.shift()!);
    this.tell();
  }

  private async send(task: Task): Promise<void> {
    this.running++;
    const form = new FormData();
    form.append("role", task.role); // before the file: the server reads it as it comes
    form.append("held", String(task.held));
    if (task.kind) form.append("kind", task.kind);
    form.append("files", task.found.file, task.found.name); // with its folders: labels from elsewhere find it by them
    try {
      const answer = await api.raw("POST", api.at("projects", this.project, "pictures"), { body: form, signal: this.stopper.signal });
      const said = (await answer.json()) as api.Answers["addPictures"];
      const one = said.pictures[0];
      if (one?.picture) {
        this.added++;
        this.onAdded(one.picture);
      } else if (one?.error?.code === "exists") this.known++;
      else this.fail(task, one?.error?.message ?? "the server did not say what became of it");
    } catch (error) {
      if (this.until.aborted) return;
      this.fail(task, this.stopper.signal.aborted ? "stopped" : api.why(error));
    }
    this.running--;
    this.done++;
    this.pump();
    if (!this.running) this.onAdded(undefined);
  }

  private fail(task: Task, text: string): void {
    this.failed.push(task);
    if (this.failures.childElementCount < listed) this.failures.append(make("li", {}, make("b", {}, task.found.name), " " + text));
  }

  private tell(): void {
    const ended = !this.running && !this.waiting.length;
    const parts = [ended ? `${plural(this.added, "picture")} added` : `${this.done} of ${this.total} sent`];
    if (this.known) parts.push(`${this.known} already here`);
    if (this.failed.length) parts.push(`${this.failed.length} not taken`);
    say(this.text, parts.join(", ") + (ended ? "." : "…"));
    this.bar.hidden = ended;
    this.bar.value = this.total ? this.done / this.total : 0;
    this.stop.hidden = ended;
    this.retry.hidden = !ended || !this.failed.length;
  }
}
