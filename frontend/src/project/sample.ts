// The picture of a training job that shows what the detector sees so far: its heat map sharpens as it learns.
import * as api from "../api";
import { make, say } from "../dom";
import type { Training } from "../go/engine";
import { smallBlock } from "../go/words";
import { overlay } from "../go/overlay";

const side = 512; // longest side of the map, pixels; CSS scales it

export class Sample {
  readonly root = make("figure", { class: "sample", hidden: true });
  private readonly image = make("img", { alt: "Picture with a simulated defect" });
  private readonly heat = make("canvas", { "aria-hidden": "true" });
  private readonly text = make("figcaption", { class: "quiet" });
  private last: Training | undefined;
  private asked = false;

  constructor(private project: string, private job: string, private until: AbortSignal) {
    this.root.append(make("div", { class: "layers" }, this.image, this.heat), this.text);
    this.image.addEventListener("load", () => this.draw(), { signal: until });
  }

  show(t: Training): void {
    this.last = t;
    if (!this.asked) {
      this.asked = true;
      // The picture comes with the first look; where it is not ready, the next look asks again.
      this.image.addEventListener("error", () => { this.asked = false; }, { signal: this.until });
      this.image.src = api.at("projects", this.project, "jobs", this.job, "sample");
    }
    this.draw();
  }

  private draw(): void {
    const t = this.last, { naturalWidth: w, naturalHeight: h } = this.image;
    if (!t?.scores || !w || !h) return;
    // The grid covers the detector's input; the picture has its shape, so one block size does for both.
    const map = overlay()?.thumb(t.rows, t.cols, smallBlock, t.scores, w, h, side, 1);
    if (!map) return;
    this.root.hidden = false;
    [this.heat.width, this.heat.height] = [map.w, map.h];
    this.heat.getContext("2d")!.putImageData(new ImageData(map.rgba, map.w, map.h), 0, 0);
    say(this.text, `What it sees after step ${t.step.toLocaleString()}, on a simulated defect.`);
  }
}
