// 'Label next': the pictures whose labels would teach most, with the reason.
import * as api from "../api";
import { icon, make } from "../dom";
import { href } from "../router";

export interface NextPanel { root: HTMLElement; refresh: () => void }

const shown = 12;

export function nextPanel(project: api.Project, until: AbortSignal): NextPanel {
  const list = make("ol", { class: "next-list" }), text = make("p", { class: "quiet" }, "…");
  const start = make("a", { class: "button main", hidden: true }, icon("pencil"), "Label next");
  const root = make("aside", { class: "next", "aria-labelledby": "t-next" }, make("h2", { id: "t-next" }, "Label next"), text, start, list);
  let running = false, again = false;
  const refresh = async () => {
    if (running) { again = true; return; }
    running = true;
    try {
      const { next: pictures } = await api.get<"listNext">(api.at("projects", project.id, "next") + `?n=${shown}`, until);
      text.textContent = pictures.length ? "Ordered by how much their labels would teach." : "Nothing is left to label.";
      start.hidden = !pictures.length;
      if (pictures.length) start.href = href(project.id, "label", pictures[0].picture);
      list.replaceChildren(...pictures.map((c) => make("li", {}, make("a", { href: href(project.id, "label", c.picture) },
        make("img", { src: api.at("projects", project.id, "pictures", c.picture, "thumbnail"), alt: "", width: 44, height: 44, loading: "lazy" }),
        make("span", {}, make("b", {}, c.name), ...(c.reason ? [make("span", { class: "quiet" }, c.reason)] : []))))));
    } catch (error) {
      const why = api.why(error);
      if (why) text.textContent = why;
    }
    running = false;
    if (again && !until.aborted) { again = false; void refresh(); }
  };
  void refresh();
  return { root, refresh: () => void refresh() };
}
