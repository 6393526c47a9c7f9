// What is drawn on one picture in this tab: kept first, then sent.
import { newID, type Bytes, type Draft } from "./drafts";
import type { Held } from "./rest";
import { draftOf, hold, isHeld } from "./sync";
import { tab } from "./tabs";

export class Keeper {
  private draft?: Draft;
  constructor(readonly project: string, readonly picture: string, readonly name: string, private base: number, private baseData: Bytes | null) {
    this.draft = draftOf(picture);
  }

  /** What this browser holds that the server may not, to go on from. */
  get left(): Draft | undefined { return this.draft && isHeld(this.draft) ? this.draft : undefined; }

  /** Keeps what was drawn, then sends it. */
  async edited(data: Bytes): Promise<boolean> {
    const at = Date.now();
    let d = this.left;
    if (d) Object.assign(d, { id: newID(), data, at });
    else {
      d = { key: `${this.picture}/${newID()}`, tab, project: this.project, picture: this.picture, name: this.name, id: newID(), data, at,
        base: this.base, baseData: this.baseData };
    }
    this.draft = d;
    return hold(d);
  }

  /** The server's labels are what is drawn on from now on. */
  rebase(held: Held): void {
    this.base = held.revision;
    this.baseData = held.data;
  }

  get revision(): number { return this.left?.base ?? this.base; }

  /** Called when a draft of this picture is with the server. */
  settled(revision: number, data: Bytes): void {
    this.base = revision;
    this.baseData = data;
  }
}
