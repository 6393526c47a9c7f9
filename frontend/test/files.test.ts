import "./browser";
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromDrop, sift, type Found } from "../src/files";
import { maskOf } from "../src/project/truth";
import type { Picture } from "../src/api";

const found = (name: string, chosen = false, type = ""): Found => ({ name, file: { name, type } as File, chosen });
const names = (list: Found[]): string[] => list.map((f) => f.name);

test("of folders only pictures are taken, of what was chosen everything", () => {
  const list = [found("a/1.JPG"), found("a/2.webp"), found("a/notes.txt"), found("a/.DS_Store"), found("a/.hidden.png"), found("a/raw", false, "image/png"),
    found("odd.xyz", true), found(".dot.png", true)];
  assert.deepEqual(names(sift(list)), ["a/1.JPG", "a/2.webp", "a/raw", "odd.xyz", ".dot.png"]);
});

/** A folder that hands out its entries in batches of two, as browsers do in batches of a hundred. */
function folder(path: string, ...entries: FileSystemEntry[]): FileSystemEntry {
  return { isDirectory: true, fullPath: path, createReader() {
    const left = [...entries];
    return { readEntries(take: (batch: FileSystemEntry[]) => void) { take(left.splice(0, 2)); } };
  } } as unknown as FileSystemEntry;
}

function entry(path: string): FileSystemEntry {
  return { isDirectory: false, fullPath: path, file(take: (f: File) => void) { take({ name: path.split("/").pop() } as File); } } as unknown as FileSystemEntry;
}

test("dropped folders are read whole, with their paths", async () => {
  const top = folder("/set", entry("/set/1.png"), entry("/set/2.png"), folder("/set/deep", entry("/set/deep/3.png")), entry("/set/4.txt"), entry("/set/5.png"));
  const single = { name: "alone.png" } as File;
  const data = {
    items: [{ kind: "string" }, { kind: "file", webkitGetAsEntry: () => top }, { kind: "file", webkitGetAsEntry: () => entry("/alone.png") }],
    files: [{ name: "set" }, single],
  } as unknown as DataTransfer;
  const got = await fromDrop(data);
  assert.deepEqual(names(got), ["set/1.png", "set/2.png", "set/deep/3.png", "set/4.txt", "set/5.png", "alone.png"]);
  assert.deepEqual(got.map((f) => f.chosen), [false, false, false, false, false, true]);
  assert.equal(got.at(-1)!.file, single);
});

test("a mask finds the one picture that it is of", () => {
  const pictures = ["crack/001.jpg", "002.png", "003.png", "003.jpg"].map((name, i) => ({ id: String(i), name }) as Picture);
  const of = (mask: string) => maskOf(mask, pictures)?.name;
  assert.equal(of("ground_truth/001_mask.png"), "crack/001.jpg");
  assert.equal(of("002-GT.PNG"), "002.png");
  assert.equal(of("002.png"), "002.png");
  assert.equal(of("003.png"), undefined); // two have that name
  assert.equal(of("009.png"), undefined);
  // Folders tell pictures of one name apart, and speak against one that is alone.
  const kinds = ["test/dent/000.png", "test/hole/000.png", "test/hole/007.png"].map((path, i) => ({ id: String(i), name: `${i}.png`, path }) as Picture);
  const at = (mask: string) => maskOf(mask, kinds)?.path;
  assert.equal(at("ground_truth/dent/000_mask.png"), "test/dent/000.png");
  assert.equal(at("ground_truth/Hole/000_mask.png"), "test/hole/000.png");
  assert.equal(at("000_mask.png"), undefined);
  assert.equal(at("ground_truth/dent/007_mask.png"), undefined);
  assert.equal(at("masks/007_mask.png"), "test/hole/007.png");
});
