// A project's pictures: bringing them in, seeing how far their labels are, saying what they are, and what to label next.
import * as api from "../api";
import { confirm } from "../dialog";
import { icon, make, plural, say } from "../dom";
import * as engine from "../go/engine";
import { Subject } from "../go/words";
import { spent } from "../format";
import { Grid } from "./grid";
import { fromDrop, fromInput, hasFiles, sift, type Found } from "../files";
import { nextPanel } from "./next";
import { note } from "../note";
import { labelled, labelMillis, standing } from "./picture";
import { attempt, may, screen, type Stay } from "../shell";
import { addTruths } from "./truth";
import { Upload } from "./upload";

type Filter = "all" | "normal" | "defective" | "unlabelled" | "labelled" | "held" | "unsaid";

const filters: Record<Filter, { name: string; keep: (p: api.Picture) => boolean }> = {
  all: { name: "All pictures", keep: () => true },
  normal: { name: "Normal", keep: (p) => p.role === "normal" },
  defective: { name: "Defective", keep: (p) => p.role === "defective" },
  unlabelled: { name: "Defective, not labelled", keep: (p) => p.role === "defective" && !labelled(p) },
  labelled: { name: "Labelled", keep: labelled },
  held: { name: "Held out", keep: (p) => p.held },
  unsaid: { name: "Role not said", keep: (p) => p.role === "" },
};

async function show({ root, until, project }: Stay): Promise<void> {
  const canLabel = may(project, "labeller");
  const pictures = new Map<string, api.Picture>();
  const scroller = make("div", { class: "grid-scroll", tabindex: -1 }), grid = new Grid(project.id, scroller, canLabel, until);
  const sum = make("p", { class: "quiet", role: "status" }), nothing = make("p", { class: "quiet nothing", hidden: true });
  let filter: Filter = "all", words = "";

  const choice = make("select", { onchange: () => { filter = choice.value as Filter; list(); } },
    ...Object.entries(filters).map(([value, f]) => make("option", { value }, f.name)));
  const search = make("input", { type: "search", placeholder: "Name", "aria-label": "Part of the name", oninput: () => { words = search.value.toLowerCase(); list(); } });

  function list(): void {
    const all = [...pictures.values()].sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
    const shown = all.filter((p) => filters[filter].keep(p) && (!words || p.name.toLowerCase().includes(words) || (p.kind ?? "").toLowerCase().includes(words)));
    grid.show(shown);
    const s = standing(all);
    say(sum, all.length ? [plural(all.length, "picture"), `${s.normal} normal`, `${s.defective} defective`, ...(s.unsaid ? [`${s.unsaid} not said`] : []),
      `${all.filter(labelled).length} labelled in ${spent(labelMillis(all))}`, `${s.held} held out`].join(" · ") : "");
    bar.hidden = !all.length;
    nothing.hidden = shown.length > 0;
    say(nothing, all.length ? "No picture is like that." : canLabel ? "Drop normal pictures on the left and some with defects on the right. Twenty normal ones are a good start." : "There are no pictures yet.");
    for (const option of choice.options) {
      const f = filters[option.value as Filter];
      say(option, `${f.name} (${all.filter(f.keep).length})`);
    }
  }

  let soon = 0;
  const listSoon = () => { soon ||= window.setTimeout(() => { soon = 0; if (!until.aborted) list(); }, 150); };

  async function load(): Promise<void> {
    const answer = await api.get<"listPictures">(api.at("projects", project.id, "pictures"), until);
    pictures.clear();
    for (const p of answer.pictures) pictures.set(p.id, p);
    list();
  }

  /** Changes one thing of all marked pictures. */
  function change(button: HTMLButtonElement, what: Partial<Pick<api.Picture, "role" | "held">>): void {
    attempt(button, async () => {
      for (const id of [...grid.marked]) {
        const p = await api.patch<"changePicture">(api.at("projects", project.id, "pictures", id), what);
        pictures.set(id, { ...pictures.get(id)!, ...what, labels: p.labels ?? pictures.get(id)!.labels });
        listSoon();
      }
      note(`${plural(grid.marked.size, "picture")} changed.`);
      grid.clear();
    });
  }

  const next = nextPanel(project, until);
  const upload = new Upload(project.id, until, (p) => {
    if (p) { pictures.set(p.id, p); listSoon(); } else next.refresh();
  });
  const hold = make("input", { type: "checkbox", id: "hold" });
  const add = (found: Found[], role: api.Role) => {
    const { taken } = sift(found);
    if (!taken.length) { note(found.length ? "No picture in there." : "Nothing to add."); return; }
    upload.add(taken, role, hold.checked);
  };
  const bar = make("div", { class: "grid-bar" }, make("label", {}, make("span", { class: "hide" }, "Show"), choice), search, make("div", { class: "spring" }), sum);
  const main = make("section", { class: "grid-side", "aria-label": "Pictures of the project" });
  if (canLabel) {
    main.append(make("div", { class: "drops" },
      dropZone("Normal pictures", "without defects: the detector learns from them what is normal", "normal", add, until),
      dropZone("Defective pictures", "a few are enough: they are labelled next", "defective", add, until),
      make("div", { class: "drops-more" },
        make("label", { class: "check" }, hold, make("span", {}, "Hold these out")),
        make("span", { class: "quiet" }, "Kept from training; models are measured on them."),
        truthButton(project, () => [...pictures.values()], () => void load()))), upload.root);
  }
  scroller.append(grid.root, nothing);
  main.append(bar, ...(canLabel ? [markBar(grid, change, (button) => attempt(button, removeMarked))] : []), scroller);
  root.append(main, next.root);

  async function removeMarked(): Promise<void> {
    const ids = [...grid.marked];
    if (!await confirm(`Delete ${plural(ids.length, "picture")}?`, "Their labels, with all revisions, go with them. Models that were trained on them stay.", "Delete")) return;
    for (const id of ids) {
      await api.remove(api.at("projects", project.id, "pictures", id));
      pictures.delete(id);
      grid.marked.delete(id);
      listSoon();
    }
    note(`${plural(ids.length, "picture")} deleted.`);
    listSoon();
  }

  await load();
  let again = 0;
  engine.changes.on((c) => {
    if (c.project !== project.id || (c.subject !== Subject.labels && c.subject !== Subject.pictures)) return;
    again ||= window.setTimeout(() => { again = 0; if (!until.aborted) void load().then(next.refresh).catch(() => {}); }, 400);
  }, until);
  // What changed while there was no connection was not told.
  let open = true;
  engine.links.on((l) => {
    if (l.state === "open" && !open) load().catch(() => {});
    open = l.state === "open";
  }, until);
}

function dropZone(title: string, text: string, role: api.Role, add: (found: Found[], role: api.Role) => void, until: AbortSignal): HTMLElement {
  const files = make("input", { type: "file", accept: "image/*", multiple: true, hidden: true, tabindex: -1, "aria-label": title });
  const folder = make("input", { type: "file", webkitdirectory: true, multiple: true, hidden: true, tabindex: -1, "aria-label": title + ", a folder" });
  for (const input of [files, folder]) fromInput(input, (found) => add(found, role));
  const zone = make("div", { class: "zone", "data-drops": role, "data-role": role }, icon(role === "normal" ? "good" : "bad"),
    make("div", {}, make("b", {}, title), make("span", { class: "quiet" }, text)),
    make("div", { class: "group" },
      make("button", { class: "small", "aria-label": `Choose ${title.toLowerCase()}`, onclick: () => files.click() }, "Choose…"),
      make("button", { class: "small", "aria-label": `Choose a folder of ${title.toLowerCase()}`, onclick: () => folder.click() }, icon("folder"))), files, folder);
  let depth = 0;
  const over = (on: boolean) => zone.classList.toggle("over", on);
  zone.addEventListener("dragenter", (event) => { if (hasFiles(event)) { event.preventDefault(); depth++; over(true); } });
  zone.addEventListener("dragleave", () => { if (--depth <= 0) { depth = 0; over(false); } });
  zone.addEventListener("drop", (event) => {
    depth = 0;
    over(false);
    if (!event.dataTransfer) return;
    fromDrop(event.dataTransfer).then((found) => { if (!until.aborted) add(found, role); }, () => note("What was dropped cannot be read. Try 'Choose'."));
  });
  return zone;
}

/** What can be done with the pictures that are marked. */
function markBar(grid: Grid, change: (b: HTMLButtonElement, what: Partial<Pick<api.Picture, "role" | "held">>) => void, take: (b: HTMLButtonElement) => void): HTMLElement {
  const text = make("b", { role: "status" });
  const button = (name: string, f: (b: HTMLButtonElement) => void) => {
    const b: HTMLButtonElement = make("button", { class: "small", onclick: () => f(b) }, name);
    return b;
  };
  const bar = make("div", { class: "mark-bar", hidden: true, role: "group", "aria-label": "Marked pictures" }, text,
    button("Normal", (b) => change(b, { role: "normal" })), button("Defective", (b) => change(b, { role: "defective" })),
    button("Hold out", (b) => change(b, { held: true })), button("Use for training", (b) => change(b, { held: false })),
    button("Delete", take), make("div", { class: "spring" }), button("Mark all shown", () => grid.markAll()), button("Mark none", () => grid.clear()));
  grid.marking.on(() => {
    bar.hidden = !grid.marked.size;
    say(text, `${grid.marked.size} marked`);
  });
  return bar;
}

/** Ground truth that exists already: masks, by the pictures' names. */
function truthButton(project: api.Project, all: () => api.Picture[], done: () => void): HTMLElement {
  const input = make("input", { type: "file", accept: "image/*,.tif,.tiff,.jfif", multiple: true, hidden: true, tabindex: -1, "aria-label": "Masks", id: "truth-files" });
  const button = make("button", { class: "small", title: "Masks NAME_mask.png, NAME_GT.png or NAME.png of pictures NAME: what is neither black nor transparent is defective", onclick: () => input.click() }, "Add ground truth…");
  fromInput(input, (found) => attempt(button, async () => {
    note(await addTruths(project.id, all(), found));
    done();
  }));
  return make("span", {}, button, input);
}

export function begin(): void { screen("pictures", "Pictures", show); }
