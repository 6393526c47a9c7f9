// The tabs of one browser tell each other what they saved, and who still lives: what a closed one left behind is taken over.
import { Signal } from "../signal";
import { newID } from "./drafts";

/** How long other tabs have to say that they live, in ms. */
const answerTime = 400;

export const tab = newID();
/** Another tab saved labels. */
export const heard = new Signal<{ picture: string; revision: number }>();

type Word = { type: "who" } | { type: "here"; tab: string } | { type: "saved"; picture: string; revision: number };

const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("semirest-labels") : undefined;
let answers: Set<string> | undefined; // while they are asked

function post(word: Word): void { channel?.postMessage(word); }

export function tellTabs(picture: string, revision: number): void { post({ type: "saved", picture, revision }); }

/** Asks which tabs live. */
export async function living(): Promise<Set<string>> {
  const mine = answers = new Set();
  post({ type: "who" });
  await new Promise((resolve) => setTimeout(resolve, answerTime));
  answers = undefined;
  return mine;
}

channel?.addEventListener("message", ({ data: word }: MessageEvent<Word>) => {
  if (word.type === "who") post({ type: "here", tab });
  if (word.type === "here") answers?.add(word.tab);
  if (word.type === "saved") heard.emit(word);
});
