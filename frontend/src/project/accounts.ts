// People with accounts, for admins; and everybody's own password and tokens.
import * as api from "../api";
import { ask, confirm, tell } from "../dialog";
import { make } from "../dom";
import { when } from "../format";
import { note } from "../note";
import { drawLog } from "./people";
import { attempt, blank, screen, whoAmI, type Stay } from "../shell";

async function show({ root, until }: Stay): Promise<void> {
  const me = whoAmI();
  if (!me.auth || !me.user) {
    root.append(blank("There are no accounts", "Whoever is on this machine may do everything. Start the server with --auth to ask who is there."));
    return;
  }
  const own = make("section", { class: "panel-card", "aria-labelledby": "t-own" });
  root.append(own);
  const loadTokens = async () => drawOwn(own, (await api.get<"listTokens">(api.at("tokens"), until)).tokens ?? [], loadTokens);
  await loadTokens();
  if (!me.user.admin) return;
  const people = make("section", { class: "panel-card", "aria-labelledby": "t-people" }), log = make("section", { "aria-labelledby": "t-log" });
  root.append(people, log);
  const loadPeople = async () => drawPeople(people, (await api.get<"listUsers">(api.at("users"), until)).users ?? [], loadPeople);
  await loadPeople();
  drawLog(log, (await api.get<"listAudit">(api.at("audit"), until)).events ?? []);
}

function drawOwn(box: HTMLElement, tokens: api.Token[], again: () => Promise<void>): void {
  const rows = tokens.map((t) => {
    const away: HTMLButtonElement = make("button", { class: "small", "aria-label": `Delete the token ${t.name}`, onclick: () => attempt(away, async () => {
      if (!await confirm(`Delete the token ${t.name}?`, "Scripts that use it are refused from then on.", "Delete token")) return;
      await api.remove(api.at("tokens", t.id));
      await again();
    }) }, "Delete");
    const expires = t.expires && Date.parse(t.expires) > 0 ? `until ${when(t.expires)}` : "for good";
    return make("li", { class: "row" }, make("b", {}, t.name), make("span", { class: "quiet" }, `since ${when(t.created)}, ${expires}, ${t.used && Date.parse(t.used) > 0 ? `last used ${when(t.used)}` : "never used"}`),
      make("div", { class: "spring" }), away);
  });
  box.replaceChildren(make("h2", { id: "t-own" }, `You are ${whoAmI().user?.name}`),
    make("div", { class: "group wrap" },
      make("button", { onclick: () => void changePassword() }, "Change password…"),
      make("button", { id: "new-token", onclick: () => void newToken().then((made) => { if (made) attempt(undefined, again); }) }, "New token for a script…")),
    ...(rows.length ? [make("h3", {}, "Tokens"), make("ul", { class: "people-list" }, ...rows)] : []));
}

async function changePassword(): Promise<void> {
  const done = await ask("Change password", [
    { name: "old", label: "Password now", type: "password", autocomplete: "current-password" },
    { name: "new", label: "New password", type: "password", autocomplete: "new-password", hint: "You stay signed in here and are signed out everywhere else." },
  ], "Change", async ({ old, new: next }) => { await api.put(api.at("me", "password"), { old, new: next }); return true; });
  if (done) note("The password is changed.");
}

async function newToken(): Promise<boolean> {
  const made = await ask("New token", [
    { name: "name", label: "What it is for" }, { name: "days", label: "Days it is good for", type: "number", value: "90", min: 1, hint: "A token may do what you may." },
  ], "Make", ({ name, days }) => api.post<"makeToken">(api.at("tokens"), { name, days: Number(days) }));
  if (!made) return false;
  const secret = make("input", { readonly: true, value: made.secret, "aria-label": "The token", class: "secret", onfocus: () => secret.select() });
  const copy = make("button", { onclick: () => void navigator.clipboard.writeText(made.secret).then(() => note("Copied."), () => secret.select()) }, "Copy");
  await tell("Your new token", make("p", {}, "It is shown this once. Scripts send it as the header Authorization: Bearer …"), make("div", { class: "row" }, secret, copy));
  return true;
}

function drawPeople(box: HTMLElement, users: api.User[], again: () => Promise<void>): void {
  const rows = users.map((u) => {
    const change = (what: Partial<{ admin: boolean; blocked: boolean }>) => async () => { await api.patch(api.at("users", u.id), what); await again(); };
    const act = (name: string, label: string, f: () => Promise<unknown>) => {
      const b: HTMLButtonElement = make("button", { class: "small", "aria-label": label, onclick: () => attempt(b, f) }, name);
      return b;
    };
    const self = u.id === whoAmI().user?.id;
    return make("li", { class: "row" }, make("b", {}, u.name), ...(u.admin ? [make("span", { class: "tag good" }, "admin of the server")] : []), ...(u.blocked ? [make("span", { class: "tag" }, "blocked")] : []),
      make("span", { class: "quiet" }, `since ${when(u.created)}`), make("div", { class: "spring" }),
      ...(self ? [] : [
        act(u.admin ? "No admin" : "Make admin", `${u.admin ? "No admin" : "Make admin"}: ${u.name}`, change({ admin: !u.admin })),
        act(u.blocked ? "Let in again" : "Block", `${u.blocked ? "Let in again" : "Block"}: ${u.name}`, change({ blocked: !u.blocked })),
        act("Password…", `Password… for ${u.name}`, () => ask(`New password for ${u.name}`, [{ name: "password", label: "New password", type: "password", autocomplete: "new-password" }], "Set",
          ({ password }) => api.patch(api.at("users", u.id), { password }))),
        act("Delete", `Delete ${u.name}`, async () => {
          if (!await confirm(`Delete ${u.name}?`, "Their labels and what they did stay in the projects and the log, under their name.", "Delete person")) return;
          await api.remove(api.at("users", u.id));
          await again();
        }),
      ]));
  });
  box.replaceChildren(make("div", { class: "row" }, make("h2", { id: "t-people" }, "People"), make("div", { class: "spring" }),
    make("button", { id: "new-user", onclick: () => void newUser().then((made) => { if (made) attempt(undefined, again); }) }, "New person…")), make("ul", { class: "people-list" }, ...rows));
}

async function newUser(): Promise<boolean> {
  const made = await ask("New person", [{ name: "name", label: "Name" }, { name: "password", label: "First password", type: "password", autocomplete: "new-password", hint: "Give it to them; they can change it. What they may do is said in each project." }],
    "Add", ({ name, password }) => api.post<"addUser">(api.at("users"), { name: name.trim(), password, admin: false }));
  return !!made;
}

export function begin(): void { screen("accounts", "People", show); }
