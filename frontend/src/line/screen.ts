// What a line watches, whom it tells, and what it found.
import { make } from "../dom";
import { history } from "./history";
import { screen, type Stay } from "../shell";
import { sinks } from "./sinks";
import { sources } from "./sources";

/** How often what goes on is asked for, in ms. */
const pace = 2000;

async function show({ root, until }: Stay): Promise<void> {
  const parts = [sources(until), sinks(until), await history(until)];
  root.append(make("div", { class: "screen-head" }, make("h2", {}, "Line")), ...parts.map((p) => p.root));
  const look = async () => { for (const p of parts) await p.look(); };
  await look();
  const timer = setInterval(() => { if (!document.hidden) look().catch(() => { /* the link in the page's head says so */ }); }, pace);
  until.addEventListener("abort", () => clearInterval(timer));
}

export function begin(): void { screen("line", "Line", show); }
