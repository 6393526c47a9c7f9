// The queue of a project's training jobs: what runs, how far it is, what waits, what came of the others.
import * as api from "../api";
import { make, plural, say } from "../dom";
import * as engine from "../go/engine";
import { Phase, type Stage } from "../go/words";
import { left, measure, spent, supervisionName, when } from "../format";
import { Plot } from "./plot";
import { Sample } from "./sample";
import { href } from "../router";
import { attempt } from "../shell";

const stages: Record<Stage, string> = {
  profile: "Choosing features", features: "Reading pictures", coreset: "Choosing the memory bank", threshold: "Setting the threshold",
  pictures: "Drawing simulated defects", start: "Starting from simulated defects", training: "Training", choosing: "Choosing the best weights",
  evaluating: "Measuring on held-out pictures", saving: "Saving",
};

const phases: Record<Phase, string> = {
  features: "Reading pictures", bank: "Choosing the memory bank", simulate: "Drawing simulated defects", learn: "Training",
  evaluate: "Measuring on held-out pictures", save: "Saving",
};
const phaseOf = (n: number): Phase => (Object.keys(Phase) as Phase[]).find((p) => Phase[p] === n) ?? "learn";

/** A line of a job's log: a step, or a look at held-out simulated defects; see server/train. */
interface LogLine {
  phase: number; step?: number; loss?: number;
  held_out?: { step: number; simulated: { pixel_ap: number }; probes: { pixel_ap: number } };
}

export class Jobs {
  readonly root = make("section", { class: "jobs", "aria-labelledby": "t-jobs" });
  private readonly list = make("div", { class: "job-list" });
  private running: Running | undefined;
  private asked = 0;
  private told = new Map<string, string>(); // what was heard of each job last

  constructor(private project: api.Project, private until: AbortSignal, private mayCancel: boolean) {
    this.root.append(make("h2", { id: "t-jobs" }, "Jobs"), this.list);
    engine.jobs.on((j) => {
      const news = `${j.state} ${j.ahead} ${j.text}`;
      if (j.project !== project.id || this.told.get(j.job) === news) return; // every step tells it again
      this.told.set(j.job, news);
      this.soon();
    }, until);
    engine.training.on((t) => {
      if (this.running) this.running.news(t);
      else this.soon();
    }, until);
    // Notices are lost with the connection; a slow question makes up for them.
    const timer = setInterval(() => { if (this.running) this.soon(); }, 10_000);
    until.addEventListener("abort", () => { clearInterval(timer); clearTimeout(this.asked); });
  }

  private soon(): void {
    this.asked ||= window.setTimeout(() => {
      this.asked = 0;
      if (!this.until.aborted) this.load().catch(() => {});
    }, 200);
  }

  async load(): Promise<void> {
    const { jobs } = await api.get<"listTraining">(api.at("projects", this.project.id, "jobs"), this.until);
    const runs = jobs.find((j) => j.state === "running");
    if (this.running?.job.id !== runs?.id) {
      this.running?.end();
      this.running = runs && new Running(this.project.id, runs, this.until, this.cancelButton(runs));
    } else if (runs) this.running!.update(runs);
    const queued = jobs.filter((j) => j.state === "queued").sort((a, b) => a.created < b.created ? -1 : 1);
    const ended = jobs.filter((j) => j.state !== "queued" && j.state !== "running").sort((a, b) => a.created < b.created ? 1 : -1);
    const kept = [...(this.running ? [this.running.root] : []), ...queued.map((j) => this.row(j)), ...ended.map((j) => this.row(j))];
    if (!kept.length) kept.push(make("p", { class: "quiet" }, "Nothing has been trained yet."));
    // The running job's element is left where it is: it may hold the focus.
    if (this.list.firstElementChild === kept[0]) {
      while (this.list.children.length > 1) this.list.lastElementChild!.remove();
      this.list.append(...kept.slice(1));
    } else this.list.replaceChildren(...kept);
  }

  private cancelButton(j: api.Job): HTMLButtonElement[] {
    if (!this.mayCancel) return [];
    const b: HTMLButtonElement = make("button", { class: "small", "aria-label": `Cancel ${jobName(j)}`, onclick: () => attempt(b, async () => {
      await api.remove(api.at("projects", this.project.id, "jobs", j.id));
      await this.load();
    }) }, "Cancel");
    return [b];
  }

  private row(j: api.Job): HTMLElement {
    const ended = j.state === "done" || j.state === "failed" || j.state === "canceled";
    const words: Record<string, string> = { queued: j.ahead ? `waits for ${plural(j.ahead, "job")}` : "begins soon", done: "done", failed: "failed", canceled: "cancelled" };
    const took = j.started && j.ended ? Date.parse(j.ended) - Date.parse(j.started) : 0;
    return make("article", { class: "job", "data-state": j.state },
      make("div", { class: "row" }, make("b", {}, jobName(j)), make("span", { class: "tag" }, words[j.state] ?? j.state),
        make("span", { class: "quiet" }, [when(j.created), j.author && j.author !== "local" ? `by ${j.author}` : "", took > 0 ? `took ${spent(took)}` : ""].filter(Boolean).join(" · ")),
        make("div", { class: "spring" }),
        ...(j.state === "done" ? [make("a", { class: "goes", href: href(this.project.id, "models") }, "See the model")] : []), ...(ended ? [] : this.cancelButton(j))),
      ...(j.state === "failed" && j.error ? [make("p", { class: "failure" }, sentence(j.error))] : []));
  }
}

const sentence = (s: string): string => s.charAt(0).toUpperCase() + s.slice(1) + (/[.!?]$/.test(s) ? "" : ".");

function jobName(j: api.Job): string {
  const r = j.request;
  return r.name || `${supervisionName(r.supervision)}, ${r.preset}${r.steps ? `, ${plural(r.steps, "step")}` : ""}`;
}

/** The job that runs: progress, loss, and what the detector sees now. */
class Running {
  readonly root = make("article", { class: "job running" });
  private readonly stage = make("b", { role: "status" });
  private readonly bar = make("progress", { max: 1, "aria-label": "Training" });
  private readonly text = make("span", { class: "quiet" });
  private readonly ap = make("span", { class: "quiet" });
  private readonly plot: Plot;
  private readonly sample: Sample;
  private readonly own = new AbortController();
  private losses: [number, number][] = [];
  private looks: [number, number][] = [];
  private total = 0; // steps of the training itself

  constructor(project: string, public job: api.Job, until: AbortSignal, cancel: HTMLElement[]) {
    until.addEventListener("abort", () => this.own.abort());
    this.plot = new Plot("Loss by step", { label: "step", min: 0, format: (v) => v.toLocaleString() }, { label: "loss", min: 0, format: (v) => String(v) }, 190, this.own.signal);
    this.sample = new Sample(project, job.id, this.own.signal);
    this.root.append(make("div", { class: "row" }, make("b", {}, jobName(job)), make("span", { class: "tag good" }, "running"), make("div", { class: "spring" }), ...cancel),
      make("div", { class: "row" }, this.stage, this.bar, this.text), make("div", { class: "job-views" }, this.plot.root, this.sample.root), this.ap);
    this.update(job);
    void this.history(project);
  }

  /** What was logged before this screen looked. */
  private async history(project: string): Promise<void> {
    try {
      const text = await (await api.raw("GET", api.at("projects", project, "jobs", this.job.id, "log"), { signal: this.own.signal })).text();
      const lines = text.split("\n").filter((l) => l.trim()).map((l) => JSON.parse(l) as LogLine);
      const phase = Math.max(...lines.map((l) => l.phase)); // Semi trains a start first, whose steps count on their own
      const now = lines.filter((l) => l.phase === phase);
      const before = now.filter((l) => l.loss !== undefined).map((l): [number, number] => [l.step ?? 0, l.loss!]);
      const looks = now.flatMap((l): [number, number][] => l.held_out ? [[l.held_out.step, (l.held_out.simulated.pixel_ap + l.held_out.probes.pixel_ap) / 2]] : []);
      const from = this.losses[0]?.[0] ?? Infinity, lookFrom = this.looks[0]?.[0] ?? Infinity;
      this.losses = [...before.filter(([s]) => s < from), ...this.losses];
      this.looks = [...looks.filter(([s]) => s < lookFrom), ...this.looks];
      this.draw();
    } catch { /* it has none yet, or the screen was left */ }
  }

  update(job: api.Job): void {
    this.job = job;
    const p = job.progress;
    if (!p) return;
    this.tell(p.stage ? stages[p.stage] : "Starting", p.step, p.total, p.seconds_left);
    if (p.stage !== "training" && p.stage !== "start") return;
    this.total = p.total;
    this.point(p.step, p.loss, p.held_out_ap ?? NaN);
  }

  news(t: engine.Training): void {
    this.tell(phases[phaseOf(t.phase)], t.step, t.total, t.left);
    if (t.phase === Phase.learn) {
      this.total = t.total;
      this.point(t.step, t.loss, t.ap);
    }
    if (t.scores) this.sample.show(t);
  }

  private tell(stage: string, step: number, total: number, seconds: number): void {
    say(this.stage, stage);
    if (total > 0) this.bar.value = Math.min(step / total, 1);
    else this.bar.removeAttribute("value");
    say(this.text, [total > 0 ? `${step.toLocaleString()} of ${total.toLocaleString()}` : "", left(seconds)].filter(Boolean).join(", "));
  }

  private point(step: number, loss: number, ap: number): void {
    // A resumed job repeats steps: what was drawn of them goes.
    if (Number.isFinite(loss) && loss > 0 && this.losses.at(-1)?.[0] !== step) {
      this.losses = [...this.losses.filter(([s]) => s < step), [step, loss]];
      if (this.losses.length > 4000) this.losses = this.losses.filter((_, i) => i % 2 === 0);
    }
    if (Number.isFinite(ap) && this.looks.at(-1)?.[1] !== ap) this.looks = [...this.looks.filter(([s]) => s < step), [step, ap]];
    this.draw();
  }

  private draw(): void {
    const last = this.losses.at(-1), ap = this.looks.at(-1);
    if (this.total) this.plot.x.max = this.total;
    this.plot.root.hidden = this.losses.length < 2;
    this.plot.show([{ name: "loss", tone: "tone-main", as: "line", points: this.losses }],
      last ? `After step ${last[0]} the loss is ${last[1].toPrecision(3)}.` : "No step yet.");
    say(this.ap, ap ? `On simulated defects that were kept aside, pixel AP ${measure(ap[1])} after step ${ap[0].toLocaleString()}.` : "");
  }

  end(): void { this.own.abort(); }
}
