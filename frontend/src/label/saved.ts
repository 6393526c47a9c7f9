// How the labels stand with the server, as a button: it leads to what is to be chosen, or tries again.
import { make, plural, say } from "../dom";
import { lasting } from "./drafts";
import * as sync from "./sync";

/** The standing in words. unsent is how many pictures' labels are not with the server, clash the name of another picture that has two versions. */
export function standingText(s: sync.Standing, unsent: number, clash: string, lasts: boolean, now: number): string {
  let text = "";
  switch (s.kind) {
    case "saved": text = s.revision ? `Saved · revision ${s.revision}` : "Nothing to save yet"; break;
    case "kept": text = "Kept in this browser"; break;
    case "sending": text = "Saving…"; break;
    case "waiting": text = `Kept in this browser. ${s.reason}; again in ${Math.max(Math.ceil((s.until - now) / 1000), 0)} s`; break;
    case "conflict": text = "Two versions: choose"; break;
    case "refused": text = `Not saved: ${s.reason}`; break;
  }
  if (clash && s.kind === "saved") text = `Two versions of ${clash}: choose`;
  else if (unsent > 1) text += ` (${plural(unsent, "picture")})`;
  if (!lasts && s.kind !== "saved") text += ". This browser keeps nothing: leave the page open";
  return text;
}

export class Saved {
  readonly root = make("button", { type: "button", class: "save-state", "aria-live": "polite" });
  private standing: sync.Standing = { kind: "saved", revision: 0 };

  constructor(press: () => void, until: AbortSignal) {
    this.root.addEventListener("click", press);
    const timer = window.setInterval(() => { if (this.standing.kind === "waiting") this.show(); }, 500);
    until.addEventListener("abort", () => clearInterval(timer), { once: true });
  }

  /** Says how the picture on the screen stands; true where it has become saved. */
  stand(s: sync.Standing): boolean {
    const became = s.kind === "saved" && this.standing.kind !== "saved";
    this.standing = s;
    this.show();
    return became;
  }

  show(): void {
    const s = this.standing, other = sync.anyClash();
    const kind = other && s.kind === "saved" ? "conflict" : s.kind;
    this.root.dataset.state = kind;
    this.root.disabled = kind !== "conflict" && kind !== "waiting";
    this.root.title = kind === "waiting" ? "Try now" : "";
    say(this.root, standingText(s, sync.unsent(), other?.draft.name ?? "", lasting, performance.now()));
  }
}
