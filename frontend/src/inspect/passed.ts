// What was given to the page and is not among its pictures: how many files, which ones, and why.
import * as album from "./album";
import { tell } from "../dialog";
import { $, make, plural, say } from "../dom";
import type { Passed } from "../files";

/** Files that are listed one by one. */
const listed = 500;
let all: Passed[] = [];

const text = (): string => `${plural(all.length, "file")} passed over`;

function show(): void {
  $("passed").hidden = !all.length;
  say($("passed"), text());
}

export function add(passed: Passed[]): void {
  all = [...all, ...passed];
  show();
}

/** The first names, for a note. */
export function some(passed: Passed[]): string {
  const names = passed.slice(0, 3).map((p) => p.name.split("/").pop()!);
  return names.join(", ") + (passed.length > names.length ? ", …" : "");
}

export function begin(): void {
  $("passed").addEventListener("click", () => {
    const rest = all.length - listed;
    void tell(text(), make("ul", { class: "passed" }, ...all.slice(0, listed).map((p) => make("li", {}, make("b", {}, p.name), " ", make("span", { class: "quiet" }, p.why)))),
      ...(rest > 0 ? [make("p", { class: "quiet" }, `And ${rest} more.`)] : []));
  });
  album.listed.on(() => {
    if (album.all().length || !had) { had = album.all().length > 0; return; }
    had = false; // all were removed: so is what came with them
    all = [];
    show();
  });
}
let had = false;
