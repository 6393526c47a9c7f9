import "./browser";
import assert from "node:assert/strict";
import { test } from "node:test";
import { href, parse, tabs, type Place } from "../src/router";

const place = (screen: string, project = "", picture = "", model = ""): Place => ({ screen, project, picture, model });

test("addresses name screens", () => {
  for (const [hash, want] of [
    ["", place("inspect")], ["#/", place("inspect")], ["#", place("inspect")], ["#/nowhere/at/all", place("inspect")],
    ["#/projects", place("projects")], ["#/projects/", place("projects")], ["#/projects/abc", place("pictures", "abc")],
    ["#/projects/abc/models", place("models", "abc")], ["#/projects/abc/threshold?m1", place("threshold", "abc", "", "m1")],
    ["#/projects/abc/label/p1", place("label", "abc", "p1")], ["#/projects/abc/label", place("pictures", "abc")],
    ["#/projects/abc/unheard", place("pictures", "abc")], ["#/projects/abc/models/more", place("pictures", "abc")],
    ["#/people", place("accounts")], ["#/line", place("line")], ["#/sign-in", place("sign-in")], ["#/people/more", place("inspect")],
    ["#/projects/%E0%A4%A/train", place("train", "%E0%A4%A")], // not UTF-8: taken as it is
  ] as const) assert.deepEqual(parse(hash), want, hash);
});

test("what href makes, parse reads", () => {
  for (const project of ["abc", "a b", "ä/ö?#%", "x".repeat(200)]) {
    for (const tab of tabs) assert.deepEqual(parse(href(project, tab)), place(tab, project));
    assert.deepEqual(parse(href(project)), place("pictures", project));
    assert.deepEqual(parse(href(project, "label", "p/1 ?")), place("label", project, "p/1 ?"));
  }
});
