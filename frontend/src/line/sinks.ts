// Whom a line tells, what waits for them, and what is wrong with them.
import * as api from "../api";
import { ask, confirm } from "../dialog";
import { icon, make, plural } from "../dom";
import { attempt } from "../shell";
import { mayChange } from "./sources";

type Sink = api.Answers["listSinks"]["sinks"][number];

export function sinks(until: AbortSignal): { root: HTMLElement; look: () => Promise<void> } {
  const list = make("ul", { class: "people-list" });
  const add = make("button", { id: "new-sink", hidden: !mayChange(), onclick: () => attempt(add, async () => { if (await newSink()) await look(); }) }, icon("add"), "Tell somebody…");
  const root = make("section", { class: "panel-card", "aria-labelledby": "t-sinks" },
    make("div", { class: "row" }, make("h2", { id: "t-sinks" }, "Who is told"), make("div", { class: "spring" }), add), list);
  let drawn = "";
  async function look(): Promise<void> {
    const { sinks } = await api.get<"listSinks">(api.at("line", "sinks"), until);
    if (JSON.stringify(sinks) === drawn) return;
    const focused = root.contains(document.activeElement) && list.contains(document.activeElement) ? document.activeElement?.getAttribute("aria-label") : null;
    drawn = JSON.stringify(sinks);
    list.replaceChildren(...(sinks.length ? sinks.map((s) => row(s, look)) : [make("li", { class: "quiet" }, "Nobody yet: verdicts are in the history below.")]));
    if (focused) list.querySelector<HTMLElement>(`[aria-label="${CSS.escape(focused)}"]`)?.focus();
  }
  return { root, look };
}

function row(s: Sink, again: () => Promise<void>): HTMLLIElement {
  const waiting = s.status.state === "waiting";
  const away = make("button", { class: "small", hidden: !mayChange(), "aria-label": `Tell ${s.name} no more`, onclick: () => attempt(away, async () => {
    if (!await confirm(`Tell ${s.name} no more?`, s.queue.verdicts ? `${plural(s.queue.verdicts, "verdict")} that it has not been told are forgotten.` : "It is told of nothing any more.", "Tell it no more")) return;
    await api.remove(api.at("line", "sinks", s.name));
    await again();
  }) }, "Remove");
  return make("li", { class: "row" }, make("div", {}, make("b", {}, s.name), " ", make("span", { class: waiting ? "tag" : "tag good" }, waiting ? "fails, is told later" : "is told"),
    make("div", { class: "quiet" }, [s.address, `${plural(s.status.told, "verdict")} told`, s.queue.verdicts ? `${s.queue.verdicts} wait (${(s.queue.bytes / 1e6).toFixed(1)} MB)` : "", s.queue.lost ? `${s.queue.lost} lost: there was no room` : ""].filter(Boolean).join(" · ")),
    ...(waiting && s.status.error ? [make("p", { class: "failure" }, s.status.error)] : [])), make("div", { class: "spring" }), away);
}

async function newSink(): Promise<boolean> {
  return !!await ask("Tell somebody", [
    { name: "name", label: "Name" },
    { name: "address", label: "Address", hint: "https://… (webhook), mqtt://broker/topic, mqtts://…, a file of the server that ends in .csv or .jsonl, or a folder of it" },
    { name: "secret", label: "Secret of a webhook", type: "password", optional: true, hint: "With it, what is sent is signed" },
  ], "Tell it", async ({ name, address, secret }) => {
    await api.post(api.at("line", "sinks"), { name: name.trim(), address: address.trim(), ...(secret ? { secret } : {}) });
    return true;
  });
}
