// Signing in, where the server has accounts.
import * as api from "../api";
import { field } from "../dialog";
import { make } from "../dom";
import * as engine from "../go/engine";
import { go } from "../router";
import { blank, goal, learnMe, screen, whoAmI, type Stay } from "../shell";

function show({ root }: Stay): void {
  if (!whoAmI().auth) {
    root.append(blank("There is nothing to sign in to", "This server has no accounts.", make("a", { class: "button main", href: "#/projects" }, "Projects")));
    return;
  }
  const failure = make("p", { class: "failure", role: "alert" }), submit = make("button", { class: "main", type: "submit" }, "Sign in");
  const form = make("form", { class: "panel-card fields", "aria-labelledby": "t-sign-in", onsubmit: (event) => {
    event.preventDefault();
    const value = (name: string) => form.querySelector<HTMLInputElement>(`[name="${name}"]`)!.value;
    submit.disabled = true;
    failure.textContent = "";
    api.post(api.at("session"), { name: value("name").trim(), password: value("password") }).then(async () => {
      await learnMe();
      engine.tell({ type: "redial" });
      go(goal === "#/sign-in" ? "#/projects" : goal);
    }, (error) => { failure.textContent = api.why(error); submit.disabled = false; });
  } }, make("h2", { id: "t-sign-in" }, "Sign in"),
  field({ name: "name", label: "Name", autocomplete: "username" }), field({ name: "password", label: "Password", type: "password", autocomplete: "current-password" }),
  failure, make("div", { class: "answers" }, submit));
  root.append(form);
  form.querySelector("input")!.focus();
}

export function begin(): void { screen("sign-in", "Sign in", show); }
