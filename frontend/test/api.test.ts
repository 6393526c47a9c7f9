import { answer, pass, serve } from "./browser";
import assert from "node:assert/strict";
import { test } from "node:test";
import * as api from "../src/api";

test("addresses are encoded part by part", () => {
  assert.equal(api.at("projects", "a/b c", "pictures"), "/api/v1/projects/a%2Fb%20c/pictures");
});

test("what the server refuses is a sentence for people", async () => {
  serve(() => answer(400, { error: { code: "bad_request", message: "store: the name is taken" } }));
  await assert.rejects(api.get<"listProjects">(api.at("projects")), { status: 400, code: "bad_request", message: "The name is taken." });
  serve(() => new Response("<html>proxy</html>", { status: 502 }));
  await assert.rejects(api.get<"listProjects">(api.at("projects")), { status: 502, code: "", message: "The server answered 502. Try again." });
  serve(() => { throw new TypeError("network"); });
  await assert.rejects(api.get<"listProjects">(api.at("projects")), { status: 0, message: "The server cannot be reached. Is it running?" });
});

test("a server that asks for patience gets it, where asking twice does no harm", async () => {
  let asked = 0;
  serve(() => ++asked < 3 ? answer(429, { error: { code: "busy", message: "busy" } }, { "Retry-After": "2" }) : answer(200, { projects: [] }));
  const got = api.get<"listProjects">(api.at("projects"));
  await pass(10_000);
  assert.deepEqual(await got, { projects: [] });
  assert.equal(asked, 3);
  asked = 0;
  serve(() => { asked++; return answer(429, { error: { code: "busy", message: "busy" } }, { "Retry-After": "2" }); });
  await assert.rejects(api.post(api.at("projects"), {}), { status: 429 });
  assert.equal(asked, 1);
});

test("a 401 asks who is there, but not while signing in", async () => {
  let unknown = 0;
  api.setUnknown(() => { unknown++; });
  serve(() => answer(401, { error: { code: "signed_out", message: "not signed in" } }));
  await assert.rejects(api.get<"getMe">(api.at("me")), { status: 401 });
  assert.equal(unknown, 1);
  await assert.rejects(api.post(api.at("session"), {}), { status: 401 });
  assert.equal(unknown, 1);
});
