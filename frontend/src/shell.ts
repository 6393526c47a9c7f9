// What surrounds the screens: the sections in the page's head, a project's name and tabs, who is signed in. It mounts the
// screen that the address names and takes down the one before.
import * as api from "./api";
import { $, make, say } from "./dom";
import * as engine from "./go/engine";
import { note } from "./note";
import * as router from "./router";
import { Signal } from "./signal";
import type { Place } from "./router";

/** A screen while it is shown. Everything it starts ends with until. */
export interface Stay { root: HTMLElement; place: Place; until: AbortSignal; project: api.Project }

/** Builds a screen into root. What it throws is said in its place, with a way to try again. */
export type Screen = (stay: Stay) => void | Promise<void>;

const screens = new Map<string, { title: string; show: Screen }>();

/** Gives a name of the router a screen. */
export function screen(name: string, title: string, show: Screen): void { screens.set(name, { title, show }); }

const noProject: api.Project = { id: "", name: "", created: "", level: "viewer", counts: { pictures: 0, normal: 0, defective: 0, labelled: 0, held: 0 } };
let leave = new AbortController();
let me: api.Me = { auth: false, user: null };

export const whoAmI = (): api.Me => me;

let learnt: () => void;
/** Resolves when it is known who is here. */
export const known = new Promise<void>((resolve) => { learnt = resolve; });

/** What the user may do in a project; without accounts, everything. */
export function may(project: api.Project, level: api.Level): boolean {
  const order = ["viewer", "labeller", "admin"];
  return !project.level || order.indexOf(project.level) >= order.indexOf(level);
}

const tabNames: Record<(typeof router.tabs)[number], string> = {
  pictures: "Pictures", train: "Train", models: "Models", threshold: "Threshold", report: "Report", people: "People",
};

/** The head of a project's screens: where one is, and the way to the others. */
function projectHead(project: api.Project, at: string): HTMLElement {
  const tabs = router.tabs.map((t) =>
    make("a", { href: router.href(project.id, t), ...(t === at ? { "aria-current": "page" } : {}) }, tabNames[t]));
  return make("div", { class: "project-head" },
    make("nav", { class: "crumbs", "aria-label": "Where this is" }, make("a", { href: "#/projects" }, "Projects"),
      make("span", { "aria-hidden": "true" }, "/"), make("h2", { id: "project-name" }, project.name)),
    make("nav", { class: "project-tabs", "aria-label": "Project" }, ...tabs));
}

async function show(place: Place): Promise<void> {
  leave.abort();
  leave = new AbortController();
  const until = leave.signal, work = $("work"), inspect = place.screen === "inspect";
  document.documentElement.dataset.screen = place.screen;
  $("inspect").hidden = !inspect;
  work.hidden = inspect;
  sections(place);
  work.replaceChildren();
  engine.watch(place.project);
  const found = screens.get(place.screen);
  document.title = inspect || !found ? "SemiREST" : `${found.title} · SemiREST`;
  if (inspect || !found) return;
  const root = make("div", { class: `screen ${place.screen}` });
  try {
    let project = noProject;
    if (place.project) {
      project = await api.get<"getProject">(api.at("projects", place.project), until);
      if (until.aborted) return;
      document.title = `${project.name}: ${found.title} · SemiREST`;
      if (place.screen !== "label") work.append(projectHead(project, place.screen));
      work.querySelector(".project-tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
    }
    work.append(root);
    await found.show({ root, place, until, project });
  } catch (error) {
    const text = api.why(error);
    if (until.aborted || !text) return;
    if (error instanceof api.ApiError && error.status === 401) return; // the way to sign in is shown instead
    root.remove();
    work.append(make("div", { class: "screen" }, make("div", { class: "blank", role: "alert" }, make("h2", {}, "This cannot be shown"), make("p", {}, text),
      make("div", { class: "answers" }, make("a", { class: "button", href: "#/projects" }, "All projects"),
        make("button", { class: "main", onclick: () => void show(place) }, "Try again")))));
  }
}

/** Marks the section in the page's head. */
function sections(place: Place): void {
  const at = place.screen === "inspect" ? "#/" : place.screen === "accounts" ? "#/people" : place.screen === "line" ? "#/line" : place.screen === "sign-in" ? "" : "#/projects";
  for (const a of $("sections").querySelectorAll("a")) {
    if (a.getAttribute("href") === at) a.setAttribute("aria-current", "page");
    else a.removeAttribute("aria-current");
  }
}

function showMe(): void {
  $("to-people").hidden = !me.auth;
  const box = $("me");
  box.hidden = !me.auth || !me.user;
  say(box.querySelector("span")!, me.user?.name ?? "");
}

/** Learns who is signed in, and shows it. */
export async function learnMe(): Promise<void> {
  try {
    me = await api.get<"getMe">(api.at("me"));
  } catch (error) {
    // Without an answer nothing is known; what a screen asks next says why.
    if (error instanceof api.ApiError && error.status === 401) me = { auth: true, user: null };
  }
  showMe();
}

/** Where to go on after signing in. */
export let goal = "#/projects";

/** Whoever was here has left. */
export const signedOut = new Signal();

export async function signOut(): Promise<void> {
  try {
    await api.remove(api.at("session"));
  } catch (error) {
    note(api.why(error));
    return;
  }
  me = { ...me, user: null };
  showMe();
  signedOut.emit();
  goal = "#/projects";
  router.go("#/sign-in");
}

/** Shows a message in the place of a list that is empty. */
export function blank(title: string, text: string, ...more: Node[]): HTMLElement {
  return make("div", { class: "blank" }, make("h2", {}, title), make("p", { class: "quiet" }, text), ...more);
}

/** Runs something that a button started; a failure is noted. */
export function attempt(button: HTMLButtonElement | undefined, f: () => Promise<unknown>): void {
  if (button) button.disabled = true;
  f().catch((error: unknown) => { const text = api.why(error); if (text) note(text); }).finally(() => { if (button) button.disabled = false; });
}

export async function begin(): Promise<void> {
  api.setUnknown(() => {
    if (router.here().screen !== "sign-in") goal = location.hash || "#/";
    router.go("#/sign-in", true);
  });
  $("sign-out").addEventListener("click", () => void signOut());
  router.moved.on((place) => {
    void show(place).then(() => {
      // Whoever already works in the new screen, before all of it is there, stays where they are.
      const work = $("work");
      if (place.screen !== "inspect" && !work.contains(document.activeElement)) work.focus({ preventScroll: true });
    });
  });
  await learnMe();
  learnt();
  router.begin();
}
