// What detectors are called: a project's bears the project's name, which may change; on the wire it goes by the project's ID.
import * as api from "./api";
import * as engine from "./go/engine";
import { detectorPrefix, Subject } from "./go/words";
import { moved } from "./router";
import { Signal } from "./signal";

const names = new Map<string, string>(); // of projects, by ID
let wanted: string[] = [];

/** A project has a name that was not known, or another one. */
export const renamed = new Signal();

/** The name of a detector for people. */
export function titleOf(detector: string): string {
  if (!detector.startsWith(detectorPrefix)) return detector;
  return names.get(detector.slice(detectorPrefix.length)) ?? "a project's detector";
}

async function learn(ids: string[]): Promise<void> {
  const answers = await Promise.allSettled(ids.map((id) => api.get<"getProject">(api.at("projects", id))));
  let news = false;
  for (const a of answers) {
    if (a.status !== "fulfilled" || names.get(a.value.id) === a.value.name) continue; // without a right to it, it has no name here
    names.set(a.value.id, a.value.name);
    news = true;
  }
  if (news) renamed.emit();
}

export function begin(): void {
  engine.detectors.on(({ list }) => {
    wanted = list.filter((d) => d.name.startsWith(detectorPrefix)).map((d) => d.name.slice(detectorPrefix.length));
    const unknown = wanted.filter((id) => !names.has(id));
    if (unknown.length) void learn(unknown);
  });
  engine.changes.on((c) => { if (c.subject === Subject.project && wanted.includes(c.project)) void learn([c.project]); });
  // Only a project that is looked at is watched: names are asked for anew when the inspection is gone to.
  moved.on((place) => { if (place.screen === "inspect" && wanted.length) void learn(wanted); });
}
