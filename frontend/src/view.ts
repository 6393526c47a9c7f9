// Where a picture lies in a pane: zoom and pan. All panes share one View, in parts of the picture, so that two pictures
// of different sizes show the same place.
import { Signal } from "./signal";

/** The largest scale: screen pixels (CSS) a picture pixel. */
const closest = 32;
/** The smallest zoom: a part of the size that fits. */
const farthest = 0.5;

export interface Placed { x: number; y: number; scale: number } // picture's top left in the pane, CSS pixels a picture pixel
export interface Box { width: number; height: number }

export class View {
  /** 1 fits the picture to the pane. */
  zoom = 1;
  /** The part of the picture that lies in the pane's middle. */
  cx = 0.5;
  cy = 0.5;
  readonly moved = new Signal();

  fitScale(pane: Box, picture: Box): number {
    return Math.max(Math.min((pane.width - 16) / picture.width, (pane.height - 16) / picture.height), 1e-4);
  }

  place(pane: Box, picture: Box): Placed {
    const scale = this.fitScale(pane, picture) * this.zoom;
    return {
      x: Math.round(pane.width / 2 - this.cx * picture.width * scale),
      y: Math.round(pane.height / 2 - this.cy * picture.height * scale), scale,
    };
  }

  fit(): void { this.to(1, 0.5, 0.5); }

  /** Shows one picture pixel as one screen pixel, or fits again where it already does. */
  actual(pane: Box, picture: Box): void {
    const zoom = 1 / this.fitScale(pane, picture) / devicePixelRatio;
    if (Math.abs(this.zoom / zoom - 1) < 0.01) this.fit();
    else this.to(zoom, this.cx, this.cy, pane, picture);
  }

  /** Zooms by a factor and keeps the point (x, y) of the pane where it is. */
  zoomAt(factor: number, x: number, y: number, pane: Box, picture: Box): void {
    const fit = this.fitScale(pane, picture);
    const zoom = Math.min(Math.max(this.zoom * factor, farthest), Math.max(closest / fit, 1));
    const dx = (x - pane.width / 2) / picture.width / fit;
    const dy = (y - pane.height / 2) / picture.height / fit;
    this.to(zoom, this.cx + dx / this.zoom - dx / zoom, this.cy + dy / this.zoom - dy / zoom, pane, picture);
  }

  /** Moves the picture by CSS pixels. */
  pan(dx: number, dy: number, pane: Box, picture: Box): void {
    const scale = this.fitScale(pane, picture) * this.zoom;
    this.to(this.zoom, this.cx - dx / picture.width / scale, this.cy - dy / picture.height / scale, pane, picture);
  }

  private to(zoom: number, cx: number, cy: number, pane?: Box, picture?: Box): void {
    this.zoom = zoom;
    // The picture's middle, or some part of it, stays in view: nobody pans it away and loses it.
    const free = (box: number, side: number, scale: number) => Math.max(0.5 - box / side / scale / 2, 0);
    if (pane && picture) {
      const scale = this.fitScale(pane, picture) * zoom;
      const fx = free(pane.width * 0.8, picture.width, scale), fy = free(pane.height * 0.8, picture.height, scale);
      cx = Math.min(Math.max(cx, 0.5 - fx), 0.5 + fx);
      cy = Math.min(Math.max(cy, 0.5 - fy), 0.5 + fy);
    }
    this.cx = cx;
    this.cy = cy;
    this.moved.emit();
  }
}
