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
    found("a/anim.gif", false, "image/gif"), { ...found("a/locked.png"), lost: "cannot be read" }, found("odd.xyz", true), found(".dot.png", true)];
  const { taken, passed } = sift(list);
  assert.deepEqual(names(taken), ["a/1.JPG", "a/2.webp", "a/raw", "odd.xyz", ".dot.png"]);
  // None goes silently.
  assert.deepEqual(passed, [{ name: "a/notes.txt", why: "not a picture, by its name" }, { name: "a/.DS_Store", why: "hidden" }, { name: "a/.hidden.png", why: "hidden" },
    { name: "a/anim.gif", why: "a kind of picture that is not read here" }, { name: "a/locked.png", why: "cannot be read" }]);
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

test("what cannot be read of a folder does not keep the rest out", async () => {
  const locked = { isDirectory: false, fullPath: "/set/locked.png", name: "locked.png", file(_: unknown, fail: (e: Error) => void) { fail(new Error()); } } as unknown as FileSystemEntry;
  const shut = { isDirectory: true, fullPath: "/set/shut", name: "shut", createReader: () => ({ readEntries(_: unknown, fail: (e: Error) => void) { fail(new Error()); } }) } as unknown as FileSystemEntry;
  const top = folder("/set", entry("/set/1.png"), locked, shut, entry("/set/2.png"));
  const got = await fromDrop({ items: [{ kind: "file", webkitGetAsEntry: () => top }], files: [{ name: "set" }] } as unknown as DataTransfer);
  assert.deepEqual(got.map((f) => [f.name, f.lost]), [["set/1.png", undefined], ["set/locked.png", "cannot be read"], ["set/shut", "the folder cannot be read"], ["set/2.png", undefined]]);
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
