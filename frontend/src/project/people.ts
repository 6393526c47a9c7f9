// Who may do what in a project, and who did.
import * as api from "../api";
import { field } from "../dialog";
import { make } from "../dom";
import { when } from "../format";
import { note } from "../note";
import { attempt, may, screen, whoAmI, type Stay } from "../shell";

const levels: [api.Level, string][] = [["viewer", "Viewer: looks"], ["labeller", "Labeller: also labels and adds pictures"], ["admin", "Admin: also trains, deploys, deletes, gives rights"]];

async function show({ root, until, project }: Stay): Promise<void> {
  const admin = may(project, "admin"), rights = make("section", { class: "panel-card", "aria-labelledby": "t-rights" });
  const log = make("section", { "aria-labelledby": "t-log" });
  root.append(...(whoAmI().auth ? [rights] : [make("p", { class: "quiet" }, "This server has no accounts: whoever is on this machine may do everything. Start it with --auth to change that.")]), log);
  const load = async () => {
    const { rights: list } = await api.get<"listRights">(api.at("projects", project.id, "rights"), until);
    drawRights(rights, project, list, admin, load);
  };
  if (whoAmI().auth) await load();
  if (admin) drawLog(log, (await api.get<"listProjectAudit">(api.at("projects", project.id, "audit"), until)).events ?? []);
}

function levelChoice(label: string, level: api.Level, change: (to: api.Level) => void, disabled = false): HTMLSelectElement {
  const choice = make("select", { "aria-label": label, disabled, onchange: () => change(choice.value as api.Level) },
    ...levels.map(([value, text]) => make("option", { value, selected: value === level }, text)));
  return choice;
}

function drawRights(box: HTMLElement, project: api.Project, list: api.Right[], admin: boolean, again: () => Promise<void>): void {
  const at = (user: string) => api.at("projects", project.id, "rights", user);
  const change = (user: string, level: api.Level) => attempt(undefined, async () => { await api.put(at(user), { level }); note("Changed."); await again(); });
  const rows = list.map((r) => {
    const name = r.name ?? r.user;
    const away: HTMLButtonElement = make("button", { class: "small", "aria-label": `Take away the rights of ${name}`, onclick: () => attempt(away, async () => { await api.remove(at(r.user)); await again(); }) }, "Take away");
    return make("li", { class: "row" }, make("b", {}, name), make("div", { class: "spring" }), levelChoice(`What ${name} may do`, r.level, (to) => change(r.user, to), !admin), ...(admin ? [away] : []));
  });
  let level: api.Level = "labeller";
  const form = make("form", { class: "row add-right", onsubmit: (event) => {
    event.preventDefault();
    const user = form.querySelector("input")!.value.trim();
    attempt(form.querySelector("button")!, async () => { await api.put(at(user), { level }); note(`${user} is in.`); await again(); });
  } }, field({ name: "user", label: "Person" }), levelChoice("What they may do", level, (to) => { level = to; }), make("button", { type: "submit" }, "Let in"));
  box.replaceChildren(make("h2", { id: "t-rights" }, "Who may do what"), make("ul", { class: "people-list" }, ...rows), ...(admin ? [form] : []));
}

export function drawLog(box: HTMLElement, events: api.Event[]): void {
  box.replaceChildren(make("h2", { id: "t-log" }, "What was done"), events.length ? make("div", { class: "table-box log", tabindex: 0, role: "region", "aria-label": "What was done" }, make("table", {},
    make("thead", {}, make("tr", {}, ...["When", "Who", "Did", "To", ""].map((h) => make("th", { scope: "col" }, h || make("span", { class: "hide" }, "Detail"))))),
    make("tbody", {}, ...events.map((e) => make("tr", {}, make("td", {}, when(e.time)), make("td", {}, e.user), make("td", {}, e.action), make("td", {}, e.object ?? ""), make("td", {}, e.detail ?? ""))))))
    : make("p", { class: "quiet" }, "Nothing yet."));
}

export function begin(): void { screen("people", "People", show); }
