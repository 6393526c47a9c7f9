// Light or dark: as the system says, until the user says otherwise.
import { $ } from "./dom";
import { changed, set, settings, type Theme } from "./settings";
import { note } from "./note";

const next: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const words: Record<Theme, string> = { system: "Light or dark as the system.", light: "Light.", dark: "Dark." };

export function turn(): void {
  set("theme", next[settings.theme]);
  note(words[settings.theme]);
}

function apply(): void {
  if (settings.theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = settings.theme;
}

export function begin(): void {
  apply();
  changed.on((name) => { if (name === "theme") apply(); });
  $("theme").addEventListener("click", turn);
}
