// A project's pictures and labels in the formats of other programs, out and in.
import * as api from "../api";
import { make, plural, say } from "../dom";
import { wholeFormat } from "../go/words";
import { note } from "../note";
import { attempt, may } from "../shell";

/** The section of a project's page; what formats there are, the server says. */
export async function exchange(project: api.Project, until: AbortSignal): Promise<HTMLElement> {
  const { formats } = await api.get<"listFormats">(api.at("formats"), until);
  const path = api.at("projects", project.id, "export");
  const out = make("ul", { class: "exports" }, ...formats.map((f) => make("li", {},
    make("a", { class: "button", id: `export-${f.name}`, href: `${path}?format=${f.name}`, download: "" }, f.title), make("span", { class: "quiet" }, f.note))));
  const box = make("section", { class: "exchange", "aria-labelledby": "t-exchange" }, make("h2", { id: "t-exchange" }, "Export and import"),
    make("p", { class: "quiet" }, "Each is one zip file. Labels are in upright pixels: the picture as it is seen, its EXIF orientation applied."), out);
  if (!may(project, "labeller")) return box;
  const skipped = make("ul", { class: "failures" }), said = make("p", { role: "status" });
  const choice = make("select", { id: "import-format" }, ...formats.filter((f) => f.name !== wholeFormat).map((f) => make("option", { value: f.name }, f.title)));
  const file = make("input", { type: "file", id: "import-file", hidden: true, tabindex: -1, "aria-label": "File to import" });
  const button = make("button", { id: "import", onclick: () => file.click() }, "Choose file…");
  file.addEventListener("change", () => {
    const chosen = file.files?.[0];
    file.value = "";
    if (!chosen) return;
    say(said, `Reading ${chosen.name}…`);
    skipped.replaceChildren();
    attempt(button, async () => {
      try {
        const answer = await api.raw("POST", api.at("projects", project.id, "import") + `?format=${choice.value}`,
          { body: chosen, signal: until, headers: { "Content-Type": "application/octet-stream" } });
        const got = (await answer.json()) as api.Answers["importPictures"];
        const parts = [plural(got.pictures, "picture") + " added", "labels of " + plural(got.labels, "picture")];
        if (got.unchanged) parts.push(`${got.unchanged} had these labels already`);
        if (got.truths) parts.push(plural(got.truths, "ground-truth mask"));
        say(said, `${chosen.name}: ${parts.join(", ")}${got.skipped?.length ? `; ${got.skipped.length} left out:` : "."}`);
        skipped.replaceChildren(...[...got.skipped ?? [], ...got.warnings ?? []].map((s) => make("li", {}, s)));
      } catch (error) {
        const text = api.why(error);
        say(said, text);
        if (text) note(text);
      }
    });
  });
  box.append(make("div", { class: "row import" }, make("label", { for: "import-format" }, "Import"), choice, button, file,
    make("span", { class: "quiet" }, "Labels find their pictures by name; labels that are there become an earlier revision.")), said, skipped);
  return box;
}
