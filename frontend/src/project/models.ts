// A project's detectors beside each other: what they reach, what their labels cost, which one is in use.
import * as api from "../api";
import { confirm } from "../dialog";
import { make, plural } from "../dom";
import * as engine from "../go/engine";
import { JobNews, Subject } from "../go/words";
import { bytes, measure, spent, supervisionName, when } from "../format";
import { note } from "../note";
import { href } from "../router";
import { attempt, blank, may, screen, type Stay } from "../shell";

type List = api.Answers["listModels"];

async function show({ root, until, project }: Stay): Promise<void> {
  const load = async () => {
    const list = await api.get<"listModels">(api.at("projects", project.id, "models"), until);
    draw(root, project, list, () => load());
  };
  await load();
  engine.changes.on((c) => { if (c.project === project.id && (c.subject === Subject.models || c.subject === Subject.project)) load().catch(() => {}); }, until);
  engine.jobs.on((j) => { if (j.project === project.id && j.state === JobNews.done) load().catch(() => {}); }, until);
}

function draw(root: HTMLElement, project: api.Project, { models, deployed, previous }: List, again: () => Promise<void>): void {
  const admin = may(project, "admin");
  const before = models.find((m) => m.id === previous), now = models.find((m) => m.id === deployed);
  const back: HTMLButtonElement = make("button", { id: "rollback", onclick: () => attempt(back, async () => {
    await api.post(api.at("projects", project.id, "models", "rollback"));
    note(`Open pages see ${before?.name ?? "the model before"} again.`);
    await again();
  }) }, before ? `Back to ${before.name}` : "Back");
  back.hidden = !before || !admin;
  root.replaceChildren(make("div", { class: "screen-head" }, make("h2", {}, "Models"),
    make("p", { class: "quiet" }, now ? `${now.name} is in use: open pages see its heat maps.` : models.length ? "None is in use: open pages do not see this project's detector." : ""),
    make("div", { class: "spring" }), back));
  if (!models.length) {
    root.append(blank("No model yet", "Train one: a first one needs normal pictures only and takes a minute or two.",
      make("a", { class: "button main", href: href(project.id, "train") }, "Train")));
    return;
  }
  models.sort((a, b) => a.created < b.created ? 1 : -1);
  const best = Math.max(...models.map((m) => m.metrics?.pixel_ap ?? -1));
  const head = ["Model", "AP", "PRO", "AUROC", "Image AUROC", "Labels", "Size", "Latency", ""];
  root.append(make("div", { class: "table-box", tabindex: 0, role: "region", "aria-label": "Models, with what they reach" }, make("table", { class: "models-table" },
    make("thead", {}, make("tr", {}, ...head.map((h) => make("th", { scope: "col" }, ...(h ? [h] : [make("span", { class: "hide" }, "Actions")]))))),
    make("tbody", {}, ...models.map((m) => row(project, m, now, m.metrics?.pixel_ap === best, admin, again))))),
  make("p", { class: "quiet notes" }, measured(models),
    " AP, PRO and AUROC are by pixel; in brackets the AP of the distance score alone on the same pictures."));
}

function measured(models: api.Model[]): string {
  const m = models.find((x) => x.metrics)?.metrics;
  return m ? `Measured on ${plural(m.pictures, "held-out picture")}, ${m.defective} of them defective${m.granule ? `; truth drawn by ${m.granule}${m.granule === "box" ? "es" : "s"}` : ""}.`
    : "Nothing was measured: hold out some labelled defective pictures and some normal ones, then train again.";
}

/** Fewer defective pictures than this tell nothing of which model is better. */
const enough = 5;
/** Differences of AP below this are of no matter. */
const alike = 0.005;

/** How a model stands beside the one in use, before any figure. */
function compared(m: api.Model, now: api.Model): string {
  const x = m.metrics, y = now.metrics;
  if (!x || !y || x.pixel_ap === null || y.pixel_ap === null) return "";
  if (x.pictures !== y.pictures || x.defective !== y.defective) return "Measured on other pictures than the one in use";
  const on = `on ${plural(x.pictures, "picture")}`;
  if (x.defective < enough) return `Too few to tell, ${on}: ${x.defective} defective, ${enough} would do`;
  const gain = x.pixel_ap - y.pixel_ap;
  return `${Math.abs(gain) < alike ? "As good as" : gain > 0 ? "Better than" : "Worse than"} the one in use, ${on}`;
}

function row(project: api.Project, m: api.Model, now: api.Model | undefined, best: boolean, admin: boolean, again: () => Promise<void>): HTMLElement {
  const x = m.metrics, used = m === now, beside = now && !used ? compared(m, now) : "";
  const cell = (name: string, ...content: (Node | string)[]) => make("td", { "data-name": name }, ...content);
  const deploy: HTMLButtonElement = make("button", { class: "small", "aria-label": `Use ${m.name}`, onclick: () => attempt(deploy, async () => {
    await api.post(api.at("projects", project.id, "models", m.id, "deploy"));
    note(`${m.name} is in use: open pages see its heat maps now.`);
    await again();
  }) }, "Use");
  const away: HTMLButtonElement = make("button", { class: "small", "aria-label": `Delete ${m.name}`, onclick: () => attempt(away, async () => {
    if (!await confirm(`Delete ${m.name}?`, "Its file is deleted for good. What it was measured at goes with it.", "Delete model")) return;
    await api.remove(api.at("projects", project.id, "models", m.id));
    note(`Deleted ${m.name}.`);
    await again();
  }) }, "Delete");
  return make("tr", { "data-model": m.id, ...(used ? { class: "used" } : {}) },
    make("th", { scope: "row" }, make("span", { class: "model-name" }, m.name),
      make("span", { class: "tags" }, make("span", { class: "tag" }, supervisionName(m.supervision)), ...(used ? [make("span", { class: "tag good" }, "in use")] : [])),
      ...(beside ? [make("b", { class: "compared" }, beside)] : []),
      make("span", { class: "quiet" }, when(m.created) + (m.note ? ` · ${m.note}` : ""))),
    cell("AP", make("b", { class: best && x ? "best" : "" }, measure(x?.pixel_ap)), ...(x && x.distance_ap !== null ? [make("span", { class: "quiet" }, ` (${measure(x.distance_ap)})`)] : [])),
    cell("PRO", measure(x?.pro)), cell("AUROC", measure(x?.pixel_auroc)), cell("Image AUROC", measure(x?.image_auroc)),
    cell("Labels", m.label_millis ? spent(m.label_millis) : "none"), cell("Size", bytes(m.bytes)),
    cell("Latency", x?.latency_ms ? `${x.latency_ms < 10 ? x.latency_ms.toFixed(1) : Math.round(x.latency_ms)} ms` : "–"),
    make("td", { class: "actions" }, ...(admin && !used ? [deploy] : []),
      make("a", { class: "button small", href: href(project.id, "threshold") + `?${m.id}`, "aria-label": `Threshold of ${m.name}` }, "Threshold"),
      make("a", { class: "button small", href: api.at("projects", project.id, "models", m.id, "file"), download: "", "aria-label": `File of ${m.name}` }, "File"),
      ...(admin && !used ? [away] : [])));
}

export function begin(): void { screen("models", "Models", show); }
