// What happens to the project's labels beside what is drawn here: saves arrive, other tabs and people save, two versions
// meet.
import * as api from "../api";
import * as engine from "../go/engine";
import { Subject } from "../go/words";
import { resolve } from "./clash";
import type { Saved } from "./saved";
import type { Strip } from "./strip";
import * as sync from "./sync";
import type { Work } from "./work";

/** What of the screen is needed. */
export interface Here { work(): Work | undefined; open(id: string): void; stand(s: sync.Standing): void; counted(): void; tell(text: string): void }

export class Others {
  private choosing = false;

  constructor(private readonly project: string, private readonly strip: Strip, saved: Saved, private readonly here: Here, private readonly until: AbortSignal) {
    sync.standings.on(({ picture, standing }) => { if (picture === here.work()?.info.id) here.stand(standing); else saved.show(); }, until);
    sync.clashes.on((c) => { if (c.draft.picture === here.work()?.info.id) void this.resolve(c); else saved.show(); }, until);
    sync.saves.on((s) => { void this.heard(s.picture, s.revision, s.here); }, until);
    engine.changes.on((c) => { if (c.subject === Subject.labels && c.project === project) void this.heard(c.picture, c.revision, false); }, until);
  }

  /** The word on what is saved was pressed: send, or settle two versions. */
  pressSaved(): void {
    const work = this.here.work(), c = (work && sync.clashOf(work.info.id)) ?? sync.anyClash();
    if (!c) { sync.sendNow(); return; }
    if (c.draft.picture !== work?.info.id) this.here.open(c.draft.picture);
    else void this.resolve(c);
  }

  async resolve(c: sync.Clash): Promise<void> {
    const work = this.here.work();
    if (this.choosing || !work?.image) return;
    this.choosing = true;
    this.here.tell("Somebody else saved labels of this picture. Choose which to keep.");
    const done = await resolve(c, work.image, work.until, (data) => { if (this.here.work() === work) work.take(data); });
    this.choosing = false;
    if (!done) return;
    this.here.tell(done);
    work.sheet?.root.focus({ preventScroll: true });
  }

  /** Another revision of a picture is there. */
  private async heard(picture: string, revision: number, here: boolean): Promise<void> {
    const work = this.here.work();
    if (work?.info.id === picture && work.keeper && revision > work.keeper.revision && await work.look()) {
      this.here.stand({ kind: "saved", revision: work.keeper.revision });
      this.here.tell(here ? "Labels updated." : "Labels updated: somebody else saved.");
    }
    try {
      const p = await api.get<"getPicture">(api.at("projects", this.project, "pictures", picture), this.until);
      if (p.labels) this.strip.update(picture, p.labels);
      this.here.counted();
    } catch { /* the row is a little older then */ }
  }
}
