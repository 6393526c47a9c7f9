// What a line found in the last days: how many of what on one chart, each with its small picture, and a way to say that a
// verdict was wrong.
import * as api from "../api";
import { make, plural, say } from "../dom";
import { when } from "../format";
import { note } from "../note";
import { Plot } from "../project/plot";
import { attempt } from "../shell";

type Verdict = api.Answers["listVerdicts"]["verdicts"][number];
type History = api.Answers["listVerdicts"];

export async function history(until: AbortSignal): Promise<{ root: HTMLElement; look: () => Promise<void> }> {
  const verdict = choice("Verdict", [["", "all"], ["defect", "defective"], ["normal", "normal"], ["error", "could not be read"]]);
  const source = choice("Source", [["", "all"]]), day = make("input", { type: "date", "aria-label": "Day" });
  const into = choice("Wrong ones go to", []);
  const drift = make("p", { class: "failure", role: "status" }), sum = make("p", { class: "quiet" }), list = make("ul", { class: "line-found" });
  const more = make("button", { hidden: true, onclick: () => attempt(more, async () => { await older(); }) }, "Older ones");
  const plot = new Plot("Verdicts", { label: "Time", format: (t) => label(t) }, { label: "Pictures", min: 0, whole: true, format: String }, 180, until);
  let hourly = false, last = "", reach = 0, shown: Verdict[] = [];
  const label = (t: number) => hourly ? new Date(t).toISOString().slice(11, 16) : new Date(t).toISOString().slice(5, 10);
  const filters = make("div", { class: "group wrap" }, ...([["Verdict", verdict], ["Source", source], ["Day", day], ["Wrong ones go to", into]] as const)
    .map(([text, field]) => make("label", { class: "group" }, make("span", { class: "quiet" }, text), field)));
  const root = make("section", { class: "panel-card", "aria-labelledby": "t-history" }, make("h2", { id: "t-history" }, "History"), drift,
    filters, sum, plot.root, list, more);

  const { projects } = await api.get<"listProjects">(api.at("projects"), until);
  into.append(...projects.filter((p) => p.level !== "viewer").map((p) => make("option", { value: p.id }, p.name)));

  const ask = (before = "") => {
    const q = new URLSearchParams(Object.entries({ verdict: verdict.value, source: source.value, day: day.value, before }).filter(([, v]) => v));
    return api.get<"listVerdicts">(`${api.at("line", "verdicts")}?${q}`, until);
  };
  function draw(h: History): void {
    say(drift, h.drift ?? "");
    hourly = h.hourly;
    const all = h.counts.reduce((n, c) => ({ normal: n.normal + c.normal, defect: n.defect + c.defect, error: n.error + c.error }), { normal: 0, defect: 0, error: 0 });
    const nothing = !all.defect && !all.normal && !all.error && !verdict.value && !source.value && !day.value;
    filters.hidden = plot.root.hidden = nothing;
    if (nothing) { say(sum, "No verdicts yet: they come here as soon as a source gives pictures."); return; }
    if (h.counts.length) plot.x = { ...plot.x, min: Date.parse(h.counts[0].start), max: Date.parse(h.counts.at(-1)!.start) };
    const text = `${plural(all.defect, "defective picture")}, ${all.normal} normal, ${all.error} that could not be read, ${day.value ? "on this day" : "in these days"} (UTC).`;
    say(sum, text);
    plot.show([
      { name: "defective", tone: "tone-miss", as: "line", points: h.counts.map((c) => [Date.parse(c.start), c.defect]) },
      { name: "normal", tone: "tone-main", as: "line", points: h.counts.map((c) => [Date.parse(c.start), c.normal]) },
    ], text);
    for (const v of h.verdicts) if (![...source.options].some((o) => o.value === v.source)) source.append(make("option", { value: v.source }, v.source));
  }
  async function look(): Promise<void> {
    if (reach > 1) return; // who looks at older ones is not disturbed
    const h = await ask();
    if (JSON.stringify(h) === last) return;
    last = JSON.stringify(h);
    draw(h);
    shown = h.verdicts;
    more.hidden = shown.length < 60;
    list.replaceChildren(...shown.map((v) => card(v)));
  }
  async function older(): Promise<void> {
    reach++;
    const h = await ask(shown[shown.length - 1]?.id);
    shown = [...shown, ...h.verdicts];
    more.hidden = h.verdicts.length < 60;
    list.append(...h.verdicts.map((v) => card(v)));
  }
  function card(v: Verdict): HTMLLIElement {
    const wrong = (as: "normal" | "label", text: string) => {
      const b: HTMLButtonElement = make("button", { class: "small", "aria-label": `${text}: ${v.picture}`, onclick: () => attempt(b, async () => {
        if (!into.value) { note("Make a project first: pictures that were judged wrongly go into one."); return; }
        await api.post(api.at("line", "verdicts", v.id, "judgement"), { project: into.value, as });
        note(`${v.picture} is in ${into.selectedOptions[0].textContent}.`);
        last = "";
        await look();
      }) }, text);
      return b;
    };
    const word = v.verdict === "defect" ? "defect" : v.verdict === "error" ? "error" : "normal";
    return make("li", { class: "line-card" },
      v.thumbnail ? make("img", { src: api.at("line", "verdicts", v.id, "thumbnail"), alt: "", width: 120, height: 90, loading: "lazy" }) : make("div", { class: "line-none" }),
      make("b", { class: `line-${word}` }, v.verdict === "error" ? "cannot be read" : `${word} ${v.score.toFixed(2)}`),
      make("span", { class: "quiet" }, `${v.source}: ${v.picture}`), make("span", { class: "quiet" }, when(v.time)), ...(v.error ? [make("span", { class: "failure" }, v.error)] : []),
      v.judged ? make("span", { class: "tag" }, v.judged === "normal" ? "taken as normal" : "to be labelled")
        : make("span", { class: "group", hidden: !v.kept || v.verdict === "error" }, ...(v.verdict === "defect" ? [wrong("normal", "It is normal")] : []), wrong("label", v.verdict === "defect" ? "Label it" : "It is defective")));
  }
  for (const input of [verdict, source, day]) input.addEventListener("change", () => { reach = 0; last = ""; attempt(undefined, look); });
  return { root, look };
}

function choice(label: string, of: [value: string, text: string][]): HTMLSelectElement {
  return make("select", { "aria-label": label }, ...of.map(([value, text]) => make("option", { value }, text)));
}
