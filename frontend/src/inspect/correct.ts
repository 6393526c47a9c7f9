// 'Correct this': a picture that was judged wrongly goes into a project and is opened there to be labelled.
import * as album from "./album";
import * as api from "../api";
import { choose } from "../dialog";
import { $ } from "../dom";
import { detectorPrefix } from "../go/words";
import { note } from "../note";
import { create } from "../project/projects";
import { go, href } from "../router";

/** The project that a picture goes into: that of the detector which scored it, else the one that the user chooses; "" for none. */
async function home(p: album.Picture): Promise<string> {
  const { projects } = await api.get<"listProjects">(api.at("projects"));
  const own = p.detector.startsWith(detectorPrefix) ? p.detector.slice(detectorPrefix.length) : "";
  if (projects.some((x) => x.id === own)) return own;
  if (!projects.length) {
    note("There is no project yet: make one, then correct the picture in it.");
    void create();
    return "";
  }
  return await choose("Correct this picture", "It goes into a project, where you label it; the next model learns from that.", "Project",
    projects.map((x) => ({ value: x.id, name: x.name })), "Label it") ?? "";
}

async function correct(): Promise<void> {
  const p = album.current();
  if (!p) return;
  try {
    const project = await home(p);
    if (!project) return;
    const form = new FormData();
    form.append("role", "defective"); // labels say what it is, 'normal' among them
    form.append("held", "false");
    form.append("files", p.file, p.name);
    const answer = await api.raw("POST", api.at("projects", project, "pictures"), { body: form });
    const [one] = ((await answer.json()) as api.Answers["addPictures"]).pictures;
    if (one?.picture) go(href(project, "label", one.picture.id));
    else if (one?.error?.code === "exists") { note("The picture is in the project already."); go(href(project)); }
    else note(one?.error?.message ?? "The server did not say what became of the picture.");
  } catch (error) {
    note(api.why(error));
  }
}

export function begin(): void {
  const button = $<HTMLButtonElement>("correct");
  button.addEventListener("click", () => { button.disabled = true; void correct().finally(allow); });
  const allow = () => { const p = album.current(); button.disabled = p?.state !== "scored" || p.synthetic; };
  album.selected.on(allow);
  album.updated.on(allow);
  allow();
}
