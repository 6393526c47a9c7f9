// What labels buy: the paper's Figure 3 for one's own pictures. Every model is a dot by the seconds of labelling that it
// learnt from and what it reaches, for labels by boxes, blocks and pixels.
import * as api from "../api";
import { make, plural } from "../dom";
import * as engine from "../go/engine";
import { Subject } from "../go/words";
import { exchange } from "./exchange";
import { measure, spent, supervisionName } from "../format";
import { Plot, type Series } from "./plot";
import { href } from "../router";
import { blank, screen, type Stay } from "../shell";

type Report = api.Answers["getReport"];

const granules: Record<string, { name: string; tone: string }> = {
  none: { name: "no labels", tone: "tone-none" }, box: { name: "boxes", tone: "tone-box" },
  block: { name: "blocks", tone: "tone-block" }, pixel: { name: "pixels", tone: "tone-pixel" },
};

const measures = [["pixel_ap", "AP"], ["pro", "PRO"], ["pixel_auroc", "AUROC"]] as const;

async function show({ root, until, project }: Stay): Promise<void> {
  const figure = make("section", { "aria-labelledby": "t-figure", class: "figure" });
  const page = api.at("projects", project.id, "report.html");
  root.append(make("div", { class: "screen-head" }, make("h2", { id: "t-figure" }, "What labels buy"), make("div", { class: "spring" }),
    make("a", { class: "button", href: page, target: "_blank", rel: "noopener" }, "Whole report"),
    make("a", { class: "button", href: page + "?download=1", download: "" }, "Save report")), figure, await exchange(project, until));
  const load = async () => {
    figure.replaceChildren(make("p", { class: "quiet" }, "Gathering…"));
    const report = await api.get<"getReport">(api.at("projects", project.id, "report"), until);
    draw(figure, project, report, until);
  };
  await load();
  engine.changes.on((c) => { if (c.project === project.id && c.subject === Subject.models) load().catch(() => {}); }, until);
}

function draw(figure: HTMLElement, project: api.Project, { figure: f }: Report, until: AbortSignal): void {
  const points = f.points ?? [], base = f.baseline;
  if (!points.length && !base) {
    figure.replaceChildren(blank("Nothing to plot yet", "Label some pictures, hold some of them out, and train: every model that is measured becomes a dot here.",
      make("a", { class: "button main", href: href(project.id, "train") }, "Train")));
    return;
  }
  const most = Math.max(10, ...points.map((p) => p.seconds));
  const plots = measures.map(([key, name]) => {
    const plot = new Plot(`${name} against label seconds`, { label: "seconds of labelling", min: 0, max: most, format: (v) => v.toLocaleString() },
      { label: name, max: 1, min: low([...points, ...(base ? [base] : [])].map((p) => p[key])), format: (v) => v.toFixed(Math.abs(v * 100 - Math.round(v * 100)) < 1e-6 ? 2 : 3) }, 260, until);
    const series: Series[] = [];
    if (base && base[key] !== null) series.push({ name: "distance score", tone: "tone-none-line", as: "line", points: [[0, base[key]], [most, base[key]]] });
    for (const [granule, g] of Object.entries(granules)) {
      const own = points.filter((p) => (p.granule || "none") === granule && p[key] !== null).sort((a, b) => a.seconds - b.seconds);
      if (own.length) series.push({ name: g.name, tone: g.tone, as: granule === "none" ? "dots" : "both", points: own.map((p) => [p.seconds, p[key]!]),
        labels: own.map((p) => `${p.name}: ${name} ${measure(p[key])} after ${spent(p.seconds * 1000)}`) });
    }
    const best = points.filter((p) => p[key] !== null).sort((a, b) => b[key]! - a[key]!)[0];
    plot.show(series, best ? `Best is ${best.name} with ${measure(best[key])} after ${spent(best.seconds * 1000)} of labelling.` : "No model was measured.");
    return make("div", { class: "panel-card" }, make("h3", {}, name), plot.root);
  });
  const rows = [...(base ? [{ ...base, name: base.name || "Distance score" }] : []), ...points].map((p) => make("tr", {},
    make("th", { scope: "row" }, p.name), make("td", {}, supervisionName(p.supervision)), make("td", {}, granules[p.granule || "none"]?.name ?? p.granule),
    make("td", {}, String(p.pictures)), make("td", {}, p.seconds ? spent(p.seconds * 1000) : "–"), ...measures.map(([key]) => make("td", {}, measure(p[key])))));
  figure.replaceChildren(make("p", { class: "quiet" }, plotted(f)), make("div", { class: "plots" }, ...plots),
    make("div", { class: "table-box", tabindex: 0, role: "region", "aria-label": "The figure's numbers" }, make("table", {},
      make("thead", {}, make("tr", {}, ...["Model", "Learnt", "Labels", "Pictures", "Time", "AP", "PRO", "AUROC"].map((h) => make("th", { scope: "col" }, h)))),
      make("tbody", {}, ...rows))));
}

/** What is plotted, in words. */
function plotted(f: Report["figure"]): string {
  const truth = f.granule === "box" ? "; their ground truth is boxes, so that figures are lower than on pixels" : "";
  return `Each dot is a model: to the right, the seconds of labelling that it learnt from; upwards, how well it finds the defective pixels, `
    + (f.pictures ? `measured on ${plural(f.pictures, "picture")} that no model learnt from${truth}. ` : "on pictures that no model learnt from. ")
    + "The dashed line is the distance score, which needs no label.";
}

/** Where an axis begins: measures near 1 differ in their last places. */
function low(values: (number | null)[]): number {
  const least = Math.min(1, ...values.filter((v): v is number => v !== null));
  return least > 0.9 ? 0.9 : least > 0.5 ? 0.5 : 0;
}

export function begin(): void { screen("report", "Report", show); }
