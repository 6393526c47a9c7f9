// The list of results, which the page's own Go instance keeps: it sorts them and writes the CSV file.
import type { Picture } from "./album";
import { thresholdOf } from "./detector";
import { overlay } from "../go/overlay";
import { Order } from "../go/words";
import { settings } from "../settings";
import { titleOf } from "../titles";

const orders = { score: Order.byScore, name: Order.byName, added: Order.asAdded };

/** Lists a picture's result, or its news. */
export function put(p: Picture): void {
  const { id, name, state, score, detector, model, width, height, hotX, hotY, total, lossy, unlike, reason } = p;
  overlay()?.put({ id, name, state, score, threshold: thresholdOf(detector), detector: titleOf(detector), model, width, height, hotX, hotY, total, lossy, unlike, reason });
}

export function drop(id: number): void { overlay()?.remove(id); }

/** The pictures' numbers as the user wants them ordered; undefined while the instance is not ready. */
export const order = (): number[] | undefined => overlay()?.order(orders[settings.order]);

/** The CSV file of results, ordered so. Thresholds and names of detectors are those of now. */
export function csv(all: Iterable<Picture>): Uint8Array<ArrayBuffer> | undefined {
  for (const p of all) put(p);
  return overlay()?.csv(orders[settings.order]);
}
