// Questions that must be answered before something is done. They are made when they are asked and gone when answered;
// Escape and a click beside them mean no.
import { icon, make } from "./dom";
import { why } from "./api";

function open(title: string, ...content: (Node | string)[]): HTMLDialogElement {
  const close = make("button", { class: "icon", "aria-label": "Close", type: "button", onclick: () => dialog.close() }, icon("close"));
  const dialog = make("dialog", { class: "sheet ask", "aria-label": title },
    make("div", { class: "sheet-head" }, make("h2", {}, title), close), ...content);
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Asks before something that cannot be undone; tells whether the answer was yes. */
export function confirm(title: string, text: string, yes: string): Promise<boolean> {
  return new Promise((resolve) => {
    let answer = false;
    const done = make("button", { class: "danger", type: "button", onclick: () => { answer = true; dialog.close(); } }, yes);
    const no = make("button", { type: "button", autofocus: true, onclick: () => dialog.close() }, "Cancel");
    const dialog = open(title, make("p", {}, text), make("div", { class: "answers" }, no, done));
    dialog.addEventListener("close", () => resolve(answer));
  });
}

/** A line of a form in a dialog. */
export interface Field { name: string; label: string; type?: string; value?: string; hint?: string; optional?: boolean; autocomplete?: string; min?: number }

/**
 * Asks for some texts and gives them to send, whose failure is said in the dialog; that closes once it has succeeded.
 * Resolves to what send gave, or undefined where the user thought better of it.
 */
export function ask<T>(title: string, fields: Field[], yes: string, send: (values: Record<string, string>) => Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    let result: T | undefined;
    const failure = make("p", { class: "failure", role: "alert" });
    const submit = make("button", { class: "main", type: "submit" }, yes);
    const form = make("form", { class: "fields", onsubmit: (event) => {
      event.preventDefault();
      const values = Object.fromEntries(fields.map((f) => [f.name, form.querySelector<HTMLInputElement>(`[name="${f.name}"]`)!.value]));
      submit.disabled = true;
      failure.textContent = "";
      send(values).then((r) => { result = r; dialog.close(); }, (error) => { failure.textContent = why(error); submit.disabled = false; });
    } }, ...fields.map(field), failure,
    make("div", { class: "answers" }, make("button", { type: "button", onclick: () => dialog.close() }, "Cancel"), submit));
    const dialog = open(title, form);
    form.querySelector("input")?.select();
    dialog.addEventListener("close", () => resolve(result));
  });
}

/** Asks for one of several; resolves to its value, or undefined where the user thought better of it. */
export function choose(title: string, text: string, label: string, options: { value: string; name: string }[], yes: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer: string | undefined;
    const select = make("select", { id: "field-choice" }, ...options.map((o) => make("option", { value: o.value }, o.name)));
    const done = make("button", { class: "main", type: "button", onclick: () => { answer = select.value; dialog.close(); } }, yes);
    const dialog = open(title, make("p", {}, text), make("div", { class: "field" }, make("label", { for: "field-choice" }, label), select),
      make("div", { class: "answers" }, make("button", { type: "button", onclick: () => dialog.close() }, "Cancel"), done));
    dialog.addEventListener("close", () => resolve(answer));
  });
}

/** A labelled input of a form. */
export function field(f: Field): HTMLElement {
  const id = `field-${f.name}`;
  const input = make("input", { id, name: f.name, type: f.type ?? "text", value: f.value ?? "", required: !f.optional,
    autocomplete: f.autocomplete ?? "off", ...(f.hint ? { "aria-describedby": id + "-hint" } : {}), ...(f.min === undefined ? {} : { min: f.min }) });
  return make("div", { class: "field" }, make("label", { for: id }, f.label), input,
    ...(f.hint ? [make("span", { class: "quiet", id: id + "-hint" }, f.hint)] : []));
}

/** Tells something that is to be read and put away, such as a secret that is shown once. */
export function tell(title: string, ...content: (Node | string)[]): Promise<void> {
  return new Promise((resolve) => {
    const dialog = open(title, ...content, make("div", { class: "answers" },
      make("button", { class: "main", type: "button", autofocus: true, onclick: () => dialog.close() }, "Done")));
    dialog.addEventListener("close", () => resolve());
  });
}
