// The sources of a line: what they gave last, how fast, and what is wrong with them.
import * as api from "../api";
import { ask, confirm } from "../dialog";
import { icon, make, plural, say } from "../dom";
import { attempt, whoAmI } from "../shell";

type Source = api.Answers["listSources"]["sources"][number];

/** Whether this person may change what the line does. */
export const mayChange = (): boolean => !whoAmI().auth || !!whoAmI().user?.admin;

const words: Record<Source["status"]["state"], string> = {
  running: "running", connecting: "connecting", waiting: "failed, is tried again", paused: "paused", ended: "at its end",
};

export function sources(until: AbortSignal): { root: HTMLElement; look: () => Promise<void> } {
  const list = make("ul", { class: "people-list" }), none = make("p", { class: "quiet" },
    "None yet. A source is a folder that pictures are put into, a video file, or a camera: MJPEG over http://, or rtsp://.");
  const rows = new Map<string, Row>();
  const add = make("button", { id: "new-source", hidden: !mayChange(), onclick: () => attempt(add, async () => { if (await newSource()) await look(); }) }, icon("add"), "New source…");
  const root = make("section", { class: "panel-card", "aria-labelledby": "t-sources" },
    make("div", { class: "row" }, make("h2", { id: "t-sources" }, "Sources"), make("div", { class: "spring" }), add), none, list);
  async function look(): Promise<void> {
    const { sources } = await api.get<"listSources">(api.at("line", "sources"), until);
    none.hidden = sources.length > 0;
    for (const [name, row] of rows) if (!sources.some((s) => s.name === name)) { row.root.remove(); rows.delete(name); }
    for (const s of sources) {
      let row = rows.get(s.name);
      if (!row) { rows.set(s.name, row = sourceRow(s.name, look)); list.append(row.root); }
      row.show(s);
    }
  }
  return { root, look };
}

interface Row { root: HTMLLIElement; show(s: Source): void }

function sourceRow(name: string, again: () => Promise<void>): Row {
  const at = api.at("line", "sources", name);
  let paused = false, shown = "";
  const frame = make("img", { class: "line-frame", alt: "", width: 96, height: 72, hidden: true, onerror: () => { frame.hidden = true; } }); // what cannot be read is not shown
  const state = make("span", { class: "tag" }), facts = make("span", { class: "quiet" }), wrong = make("p", { class: "failure" });
  const pause = make("button", { class: "small", onclick: () => attempt(pause, async () => { await api.patch(at, { paused: !paused }); await again(); }) });
  const shoot = make("button", { class: "small", "aria-label": `Take a picture from ${name}`, hidden: true, onclick: () => attempt(shoot, () => api.post(at + "/trigger")) }, "Take a picture");
  const away = make("button", { class: "small", "aria-label": `Remove ${name}`, onclick: () => attempt(away, async () => {
    if (!await confirm(`Remove ${name}?`, "It is watched no more. What it gave stays in the history.", "Remove source")) return;
    await api.remove(at);
    await again();
  }) }, "Remove");
  pause.hidden = away.hidden = !mayChange();
  const root = make("li", { class: "row line-row" }, frame, make("div", {}, make("b", {}, name), " ", state, make("div", {}, facts), wrong), make("div", { class: "spring" }), shoot, pause, away);
  return {
    root,
    show(s) {
      paused = s.status.state === "paused";
      state.className = s.status.state === "running" ? "tag good" : "tag";
      say(state, words[s.status.state]);
      say(facts, [s.address, s.detector, plural(s.status.taken, "picture") + " taken", `${s.status.rate.toFixed(1)} a second`,
        s.status.dropped ? plural(s.status.dropped, "frame") + " passed over" : "", s.status.errors ? plural(s.status.errors, "failure") : ""].filter(Boolean).join(" · "));
      say(wrong, s.status.state === "waiting" ? s.status.error ?? "" : "");
      say(pause, paused ? "Go on" : "Pause");
      pause.setAttribute("aria-label", `${paused ? "Go on with" : "Pause"} ${name}`);
      shoot.hidden = s.trigger !== "post";
      if (s.status.last && s.status.last !== shown) {
        shown = s.status.last;
        frame.src = `${at}/frame?${encodeURIComponent(shown)}`;
        frame.hidden = false;
        frame.alt = `The newest picture of ${name}`;
      }
    },
  };
}

async function newSource(): Promise<boolean> {
  const { detectors } = await api.get<"listDetectors">(api.at("detectors"));
  return !!await ask("New source", [
    { name: "name", label: "Name", hint: "What verdicts call it, for instance: line 3" },
    { name: "address", label: "Address", hint: "A folder or video file of the server, http://… (MJPEG) or rtsp://…" },
    { name: "detector", label: "Detector", value: detectors[0]?.name ?? "", optional: true,
      hint: detectors.length ? "There are: " + detectors.map((d) => d.name).join(", ") : "There is none yet: the source waits for one" },
    { name: "trigger", label: "Pictures of a camera", value: "every", hint: "every, change, post, or one each so many milliseconds" },
  ], "Watch it", async ({ name, address, detector, trigger }) => {
    const ms = Number(trigger);
    await api.post(api.at("line", "sources"), { name: name.trim(), address: address.trim(), detector: detector.trim(),
      ...(ms > 0 ? { trigger: "interval", every_ms: ms } : { trigger: trigger.trim() }) });
    return true;
  });
}
