// The labelling screen's place: it is mounted into a root of its own and taken down when it is left.
import { mountLabel } from "./screen";
import { screen } from "../shell";

export function begin(): void {
  screen("label", "Label", ({ root, until, place }) => {
    const unmount = mountLabel(root, place.project, place.picture);
    until.addEventListener("abort", unmount, { once: true });
  });
}
