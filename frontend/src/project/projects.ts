// The list of projects: make one, give one another name, take one away, bring one back from its file.
import * as api from "../api";
import { ask, confirm } from "../dialog";
import { icon, make, plural } from "../dom";
import { spent, when } from "../format";
import { wholeFormat } from "../go/words";
import { note } from "../note";
import { labelMillis } from "./picture";
import { go, href } from "../router";
import { attempt, blank, may, screen, whoAmI, type Stay } from "../shell";

/** At most so many projects show their pictures: each costs a question. */
const told = 12;

async function show({ root, until }: Stay): Promise<void> {
  const list = make("ul", { class: "cards" });
  root.append(make("div", { class: "screen-head" }, make("h2", {}, "Projects"), make("div", { class: "spring" }), restore(until),
    make("button", { class: "main", id: "new-project", onclick: () => void create() }, icon("add"), "New project")), list);
  const { projects } = await api.get<"listProjects">(api.at("projects"), until);
  if (!projects.length) {
    list.replaceWith(blank("No project yet",
      "A project is one kind of part under inspection: its pictures, their labels, and the detectors that learn from them.",
      make("button", { class: "main", onclick: () => void create() }, icon("add"), "New project")));
    return;
  }
  projects.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  const cards = projects.map((p) => card(p));
  list.append(...cards.map((c) => c.root));
  for (const [i, c] of cards.slice(0, told).entries()) {
    if (until.aborted) return;
    const { pictures } = await api.get<"listPictures">(api.at("projects", projects[i].id, "pictures"), until);
    c.fill(pictures);
  }
}

interface Card { root: HTMLLIElement; fill(pictures: api.Picture[]): void }

function card(project: api.Project): Card {
  const n = project.counts, facts = make("p", { class: "quiet" }, n?.pictures
    ? `${plural(n.normal, "normal picture")} · ${n.defective} defective · ${n.labelled} labelled` : "No pictures yet"), small = make("div", { class: "card-pictures", "aria-hidden": "true" });
  const tools = make("div", { class: "card-tools" });
  if (may(project, "admin")) {
    tools.append(
      make("button", { class: "small", "aria-label": `Rename ${project.name}`, onclick: () => void rename(project) }, "Rename"),
      make("button", { class: "small", "aria-label": `Delete ${project.name}`, onclick: () => void take(project) }, "Delete"));
  }
  const root = make("li", { class: "card" }, make("a", { class: "card-link", href: href(project.id) }, small, make("h3", {}, project.name)), facts,
    make("div", { class: "card-foot" }, make("span", { class: "quiet" }, `since ${when(project.created)}`),
      ...(project.deployed ? [make("span", { class: "tag good" }, "detector in use")] : []), tools));
  return {
    root,
    fill(pictures) {
      const time = labelMillis(pictures);
      if (time) facts.append(` in ${spent(time)}`);
      // Defects tell projects apart sooner than normal pictures do.
      const first = [...pictures.filter((p) => p.role === "defective").slice(0, 2), ...pictures.filter((p) => p.role !== "defective").slice(0, 4)].slice(0, 4);
      small.replaceChildren(...first.map((p) =>
        make("img", { src: api.at("projects", project.id, "pictures", p.id, "thumbnail"), alt: "", width: 64, height: 64, loading: "lazy" })));
    },
  };
}

/** Asks for a name, makes a project of it and goes there. */
export async function create(): Promise<void> {
  const made = await ask("New project", [{ name: "name", label: "Name", hint: "What is inspected, for instance: bottle, line 3" }], "Create",
    ({ name }) => api.post<"createProject">(api.at("projects"), { name: name.trim() }));
  if (made) go(href(made.id));
}

async function rename(project: api.Project): Promise<void> {
  const done = await ask("Rename project", [{ name: "name", label: "Name", value: project.name }], "Rename",
    ({ name }) => api.patch<"changeProject">(api.at("projects", project.id), { name: name.trim() }));
  if (done) again();
}

async function take(project: api.Project): Promise<void> {
  const yes = await confirm(`Delete ${project.name}?`,
    "Its pictures, all revisions of their labels, its models and jobs are deleted for good. To keep them, export the project first, on its Report screen.",
    "Delete project");
  if (!yes) return;
  try {
    await api.remove(api.at("projects", project.id));
    note(`Deleted ${project.name}.`);
    again();
  } catch (error) { note(api.why(error)); }
}

/** Shows the list anew. */
function again(): void { dispatchEvent(new HashChangeEvent("hashchange")); }

/** Makes a project of a file that a project was exported to. */
function restore(until: AbortSignal): HTMLElement {
  const input = make("input", { type: "file", accept: ".zip,application/zip", hidden: true, tabindex: -1, "aria-label": "File of a project" });
  const button = make("button", { title: "Make a project of a file that one was exported to", onclick: () => input.click() }, icon("folder"), "From a file…");
  if (whoAmI().auth && !whoAmI().user?.admin) button.hidden = true;
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    input.value = "";
    if (!file) return;
    note(`Reading ${file.name}…`);
    attempt(button, async () => {
      const made = await (await api.raw("POST", api.at("import") + `?format=${wholeFormat}`, { body: file, signal: until, headers: { "Content-Type": "application/zip" } })).json() as api.Answers["restoreProject"];
      note(`${made.name} is all here.`);
      go(href(made.id));
    });
  });
  return make("span", {}, button, input);
}

export function begin(): void { screen("projects", "Projects", show); }
