// The detectors of the inspection: which there are, which one is in use, and the threshold of each. What the user chose
// lasts over a reload, over a demo picture, which has a detector of its own, and over another one's use elsewhere.
import { $, make } from "../dom";
import * as engine from "../go/engine";
import { changed, set, settings } from "../settings";
import { Signal } from "../signal";
import { renamed, titleOf } from "../titles";

let known: engine.Detector[] = [], home = "", looked = "";

/** There are other detectors, another one is in use, or one has another name. */
export const news = new Signal();

export const all = (): engine.Detector[] => known;
export const find = (name: string): engine.Detector | undefined => known.find((d) => d.name === name);
/** The name of the one in use: it scores what is dropped. */
export const inUse = (): string => home;

/** Another model under the same name begins at its own threshold: one that was moved for the model before would falsify verdicts. */
const key = (name: string): string => { const d = find(name); return d ? `${name} ${d.model}` : ""; };
const kept = (name: string): number => settings.thresholds[key(name)] ?? 1;

/** The detector whose pictures are looked at: the threshold's slider is its. */
const subject = (): string => looked || home;

/** The threshold for what a detector scored; 1 is its own. */
export const thresholdOf = (name: string): number => name === subject() || !name ? settings.threshold : kept(name);

/** Says which detector scored what is looked at, "" where nothing is. */
export function look(name: string): void {
  looked = name;
  set("threshold", kept(subject()));
}

export function choose(name: string): void {
  set("detector", name);
  engine.tell({ type: "choose", name });
}

/** Puts a detector in use where the user has not chosen one. */
export function suggest(name: string): void {
  if (!settings.detector) engine.tell({ type: "choose", name });
}

export function next(): void {
  if (known.length > 1) choose(known[(known.findIndex((d) => d.name === home) + 1) % known.length].name);
}

function show(): void {
  const choice = $<HTMLSelectElement>("detector");
  choice.disabled = !known.length;
  choice.replaceChildren(...(known.length ? known.map((d) => make("option", { value: d.name }, titleOf(d.name))) : [make("option", {}, "none yet")]));
  if (find(home)) choice.value = home;
  news.emit();
}

export function begin(): void {
  const choice = $<HTMLSelectElement>("detector");
  choice.addEventListener("change", () => choose(choice.value));
  suggestAgain();
  engine.restarted.on(suggestAgain);
  engine.detectors.on((d) => {
    known = d.list;
    home = d.open;
    look(looked);
    show();
  });
  renamed.on(show);
  changed.on((name) => {
    const of = key(subject());
    if (name !== "threshold" || !of || kept(subject()) === settings.threshold) return;
    const { [of]: _, ...others } = settings.thresholds;
    // The newest few: models come and go.
    const list = [...Object.entries(others), ...(settings.threshold === 1 ? [] : [[of, settings.threshold] as const])].slice(-20);
    set("thresholds", Object.fromEntries(list));
  });
}

/** A new Worker knows of no choice. */
function suggestAgain(): void {
  const name = settings.detector || home;
  if (name) engine.tell({ type: "choose", name });
}
