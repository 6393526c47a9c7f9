// Training: what the labels ask for and why, what else could be done, and the jobs.
import * as api from "../api";
import { icon, make, plural } from "../dom";
import * as engine from "../go/engine";
import { Subject, maxSteps, maxTitle } from "../go/words";
import { supervisions, type Supervision } from "../format";
import { Jobs } from "./jobs";
import { note } from "../note";
import { href } from "../router";
import { attempt, may, screen, type Stay } from "../shell";

/** What the server proposes by what is labelled. */
type Advice = api.Answers["getAdvice"];

const presets: { name: api.Request["preset"]; text: string }[] = [
  { name: "lite", text: "Lite: a small backbone, minutes on a laptop" },
  { name: "fast", text: "Fast: the same with a simpler classifier" },
];

/** Longer sides of the detector's input that are offered, pixels; 0 is the server's default. */
const sizes = [256, 384, 0, 768, 1024];

async function show({ root, until, project }: Stay): Promise<void> {
  const form = make("section", { class: "panel-card train-form", "aria-labelledby": "t-train" });
  const jobs = new Jobs(project, until, may(project, "admin"));
  root.append(form, jobs.root);
  await Promise.all([settle(form, project, until, jobs), jobs.load()]);
  let soon = 0;
  engine.changes.on((c) => {
    if (c.project !== project.id || (c.subject !== Subject.labels && c.subject !== Subject.pictures)) return;
    soon ||= window.setTimeout(() => { soon = 0; if (!until.aborted) settle(form, project, until, jobs).catch(() => {}); }, 500);
  }, until);
}

/** What the user has chosen so far: a proposal that is drawn anew does not take it away. */
interface Chosen { supervision?: string; preset: string; size: string; steps: string; name: string; deploy: boolean }
const chosen = new Map<string, Chosen>();

async function settle(form: HTMLElement, project: api.Project, until: AbortSignal, jobs: Jobs): Promise<void> {
  const advice = await api.get<"getAdvice">(api.at("projects", project.id, "advice"), until);
  const now: Chosen = chosen.get(project.id) ?? { preset: "lite", size: "0", steps: "", name: "", deploy: true };
  chosen.set(project.id, now);
  if (form.contains(document.activeElement) && form.querySelector("form")) return; // somebody is filling it in
  const admin = may(project, "admin");
  const picked = now.supervision ?? advice.supervision;
  const options = Object.entries(supervisions).map(([name, s]) => {
    const refused = reasonAgainst(name, advice), id = `supervision-${name}`;
    const input = make("input", { type: "radio", name: "supervision", value: name, id, checked: name === picked, disabled: !!refused || !admin,
      "aria-describedby": id + "-text", onchange: () => { now.supervision = name; } });
    return make("div", { class: "option" }, input, make("label", { for: id }, s.name, ...(name === advice.supervision ? [make("span", { class: "tag good" }, "proposed")] : [])),
      make("span", { class: "quiet", id: id + "-text" }, `From ${s.from}.${refused ? ` ${refused}` : ""}`));
  });
  const preset = make("select", { id: "preset", onchange: () => { now.preset = preset.value; } },
    ...presets.map((p) => make("option", { value: p.name, selected: p.name === now.preset }, p.text)));
  const size = make("select", { id: "size", onchange: () => { now.size = size.value; } },
    ...sizes.map((v) => make("option", { value: v, selected: String(v) === now.size }, v ? `${v} pixels` : "512 pixels (default)")));
  const steps = make("input", { id: "steps", type: "number", min: 1, max: maxSteps, step: 1, placeholder: "the preset's", value: now.steps,
    oninput: () => { now.steps = steps.value; } });
  const name = make("input", { id: "model-name", type: "text", maxlength: maxTitle, placeholder: "by date and supervision", value: now.name, autocomplete: "off",
    oninput: () => { now.name = name.value; } });
  const deploy = make("input", { type: "checkbox", id: "deploy", checked: now.deploy, onchange: () => { now.deploy = deploy.checked; } });
  const go = make("button", { class: "main", id: "train", type: "submit", disabled: !admin }, "Train");
  const inner = make("form", { class: "fields", onsubmit: (event) => {
    event.preventDefault();
    const supervision = inner.querySelector<HTMLInputElement>('input[name="supervision"]:checked')?.value as Supervision | undefined;
    if (!supervision) { note("Choose what to learn from."); return; }
    const body: api.Request = { supervision, preset: preset.value as api.Request["preset"], steps: Number(steps.value) || 0, size: Number(size.value), seed: 0, name: name.value.trim(), deploy: deploy.checked };
    attempt(go, async () => {
      const job = await api.post<"train">(api.at("projects", project.id, "jobs"), body);
      note(job.ahead ? `Queued behind ${plural(job.ahead, "job")}.` : "Training begins.");
      await jobs.load();
    });
  } },
  make("fieldset", {}, make("legend", {}, "Learn from"), ...options),
  make("div", { class: "field" }, make("label", { for: "preset" }, "Preset"), preset),
  make("div", { class: "field" }, make("label", { for: "size" }, "Pictures are looked at with a longer side of"), size),
  make("div", { class: "pair" },
    make("div", { class: "field" }, make("label", { for: "steps" }, "Steps"), steps),
    make("div", { class: "field" }, make("label", { for: "model-name" }, "Name of the model"), name)),
  make("label", { class: "check" }, deploy, "Use it as soon as it is ready"),
  make("div", { class: "answers" }, ...(admin ? [] : [make("span", { class: "quiet" }, "Only admins of the project train.")]), go));
  const todo = advice.todo ?? [];
  form.replaceChildren(make("h2", { id: "t-train" }, "Train a detector"),
    make("div", { class: "advice", "data-ready": String(advice.ready) }, icon(advice.ready ? "good" : "bad"), make("div", {}, make("b", {}, advice.reason),
      ...(todo.length ? [make("ul", {}, ...todo.map((t) => make("li", {}, t)))] : []),
      make("p", { class: "quiet" }, `${plural(advice.normal, "normal picture")}; labelled defective ones: ${advice.boxes} by boxes, ${advice.blocks} by blocks, ${advice.pixels} by pixels; ${advice.held} held out. `,
        make("a", { class: "goes", href: href(project.id) }, "Pictures")))), inner);
}

/** Why there is nothing for a kind of training to learn from, "" where there is. */
function reasonAgainst(supervision: string, a: Advice): string {
  if (supervision === "semi" && a.boxes + a.blocks + a.pixels === 0) return "Draw boxes on a defective picture first.";
  if (supervision === "sup" && a.blocks + a.pixels === 0) return "Mark pixels or blocks on a defective picture first.";
  return "";
}

export function begin(): void { screen("train", "Train", show); }
