// Pictures from a camera. The stream runs only while the dialog is open.
import * as album from "./album";
import { $ } from "../dom";
import { note } from "../note";

const sheet = $<HTMLDialogElement>("camera-sheet"), video = $<HTMLVideoElement>("camera-view"), shot = $<HTMLButtonElement>("camera-shot");
let stream: MediaStream | undefined;
let taken = 0;

const refusals: Record<string, string> = {
  NotAllowedError: "The camera was refused. Allow it in the browser's address bar (the camera or lock sign), then try again.",
  SecurityError: "This browser's settings forbid cameras on this page.",
  NotFoundError: "No camera was found. Plug one in, then try again.",
  OverconstrainedError: "No camera was found that fits. Plug one in, then try again.",
  NotReadableError: "The camera is in use by another program. Close that one, then try again.",
  AbortError: "The camera stopped. Unplug it and plug it in again, then try again.",
};

function say(text: string): void {
  $("camera-text").textContent = text;
  $("camera-text").hidden = !text;
  video.hidden = !!text;
  shot.disabled = true;
}

export async function open(): Promise<void> {
  if (sheet.open) return;
  say("");
  sheet.showModal();
  if (!navigator.mediaDevices) {
    say("Cameras work on secure pages only: open this page by https, or on the server's own machine by http://localhost.");
    return;
  }
  try {
    const found = await navigator.mediaDevices.getUserMedia({ audio: false,
      video: { facingMode: "environment", width: { ideal: 4096 }, height: { ideal: 2160 } } });
    if (!sheet.open) { stop(found); return; } // closed while the browser was asking
    stream = found;
    video.srcObject = found;
    await video.play();
    shot.disabled = false;
    shot.focus();
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    if (sheet.open) say(refusals[name] ?? `The camera cannot be used (${name || String(error)}).`);
  }
}

function stop(s: MediaStream | undefined): void {
  for (const track of s?.getTracks() ?? []) track.stop();
}

/** Adds the frame that is seen, without loss. */
function take(): void {
  const w = video.videoWidth, h = video.videoHeight;
  if (!w || !h) return;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [w, h];
  canvas.getContext("2d", { alpha: false })!.drawImage(video, 0, 0);
  canvas.toBlob((blob) => {
    if (!blob) return;
    album.add([{ name: `camera ${++taken}.png`, file: blob }], true);
    note(`Picture ${taken} taken.`);
  }, "image/png");
}

export function begin(): void {
  $("add-camera").addEventListener("click", () => void open());
  shot.addEventListener("click", take);
  sheet.addEventListener("close", () => {
    stop(stream);
    stream = undefined;
    video.srcObject = null;
  });
}
