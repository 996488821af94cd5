import { and, eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditLog } from "../../../db/schema/access.ts";
import { modelEvents } from "../../../db/schema/models.ts";
import type { Permission } from "../../../domain/access/permissions.ts";
import { runToken } from "../run-token.ts";
import { mlflowServer, tokenOf, type Speaker } from "./testing.ts";

const ALL: Permission[] = ["runs:read", "runs:log", "models:read", "models:write", "models:promote"];

let server: Awaited<ReturnType<typeof mlflowServer>>;
let mlflow: Speaker;
let member: Speaker;
beforeAll(async () => {
  server = await mlflowServer();
  const lead = await server.make.member(server.org, "team_lead", { name: "Lea Lead" });
  mlflow = server.speak(undefined, `Bearer ${await tokenOf(server, server.org.slug, lead, ALL)}`);
  member = server.speak(undefined, `Bearer ${await tokenOf(server, server.org.slug, server.member, ["runs:read", "runs:log", "models:read", "models:write"])}`);
});
afterAll(() => server.close());

const newRun = async () => (await mlflow.post("runs/create", {})).body.run.info as { run_id: string; experiment_id: string; artifact_uri: string };
const version = async (name: string, more: object = {}) => (await mlflow.post("model-versions/create", { name, source: "s3://bucket/model", ...more })).body.model_version;
const INVALID = { status: 400, body: { error_code: "INVALID_PARAMETER_VALUE" } };
const MISSING = { status: 404, body: { error_code: "RESOURCE_DOES_NOT_EXIST" } };

describe("registered models", () => {
  it("are made once by name, described, tagged, renamed and deleted", async () => {
    const made = await mlflow.post("registered-models/create", { name: "digits", description: "reads digits", tags: [{ key: "team", value: "blue" }] });
    expect(made.body.registered_model).toMatchObject({ name: "digits", description: "reads digits", user_id: "Lea Lead", tags: [{ key: "team", value: "blue" }], latest_versions: [], aliases: [] });
    expect(await mlflow.post("registered-models/create", { name: "digits" })).toMatchObject({ status: 400, body: { error_code: "RESOURCE_ALREADY_EXISTS", message: expect.stringContaining("Registered Model (name=digits) already exists") } });
    for (const name of ["", "a/b", "a:b"]) expect(await mlflow.post("registered-models/create", { name })).toMatchObject(INVALID);
    expect((await mlflow.ask("PATCH", "registered-models/update", { name: "digits", description: "new words" })).body.registered_model.description).toBe("new words");
    await mlflow.post("registered-models/set-tag", { name: "digits", key: "k", value: "v" });
    await mlflow.ask("DELETE", "registered-models/delete-tag", { name: "digits", key: "team" });
    expect((await mlflow.get("registered-models/get?name=digits")).body.registered_model.tags).toEqual([{ key: "k", value: "v" }]);
    await mlflow.post("registered-models/create", { name: "taken" });
    expect(await mlflow.post("registered-models/rename", { name: "digits", new_name: "taken" })).toMatchObject({ status: 400, body: { error_code: "RESOURCE_ALREADY_EXISTS" } });
    expect((await mlflow.post("registered-models/rename", { name: "digits", new_name: "numerals" })).body.registered_model.name).toBe("numerals");
    expect(await mlflow.get("registered-models/get?name=digits")).toMatchObject(MISSING);
    expect((await mlflow.ask("DELETE", "registered-models/delete", { name: "numerals" })).body).toEqual({});
    expect(await mlflow.ask("DELETE", "registered-models/delete", { name: "numerals" })).toMatchObject(MISSING);
    const actions = await server.db.select({ action: auditLog.action, by: auditLog.actorName }).from(auditLog).where(and(eq(auditLog.orgId, server.org.id), eq(auditLog.targetType, "model")));
    expect(actions.map(({ action }) => action)).toEqual(["model.create", "model.update", "model.update", "model.update", "model.create", "model.update", "model.delete"]);
    expect(actions.every(({ by }) => by === "Lea Lead")).toBe(true);
  });

  it("are searched by name and tags, in order, page by page, while others arrive", async () => {
    for (const at of [1, 2, 3, 4, 5]) await mlflow.post("registered-models/create", { name: `find-${at}`, tags: [{ key: "odd", value: String(at % 2) }] });
    const search = (query: string) => mlflow.get(`registered-models/search?${query}`);
    const names = (answer: { body: { registered_models: { name: string }[] } }) => answer.body.registered_models.map(({ name }) => name);
    expect(names(await search(`filter=${encodeURIComponent("name LIKE 'find-%' and tags.odd = '1'")}`))).toEqual(["find-1", "find-3", "find-5"]);
    const first = await search(`filter=${encodeURIComponent("name ILIKE 'FIND-%'")}&max_results=2&order_by=${encodeURIComponent("name DESC")}`);
    expect(names(first)).toEqual(["find-5", "find-4"]);
    await mlflow.post("registered-models/create", { name: "find-9" });
    const second = await search(`filter=${encodeURIComponent("name ILIKE 'FIND-%'")}&max_results=9&order_by=${encodeURIComponent("name DESC")}&page_token=${first.body.next_page_token}`);
    expect([names(second), second.body.next_page_token]).toEqual([["find-3", "find-2", "find-1"], undefined]);
    expect(names(await search(`order_by=${encodeURIComponent("last_updated_timestamp DESC")}&max_results=1`))).toEqual(["find-9"]);
    expect(names(await search(`filter=${encodeURIComponent("tags.odd = '0' and (name = 'find-2' or name = 'find-1' or name in ('find-4'))")}`))).toEqual(["find-2", "find-4"]);
    for (const bad of [`filter=${encodeURIComponent("color = 'red'")}`, `filter=${encodeURIComponent("metrics.a > 1")}`, "order_by=color", "max_results=1001", "page_token=nonsense"]) expect([bad, await search(bad)]).toMatchObject([bad, INVALID]);
  });
});

describe("model versions", () => {
  it("are numbered, never twice, and found by run, source and alias", async () => {
    const run = await newRun();
    await mlflow.post("registered-models/create", { name: "counted" });
    expect(await version("counted", { run_id: run.run_id, source: `${run.artifact_uri}/model`, tags: [{ key: "a", value: "1" }] })).toMatchObject({ version: "1", current_stage: "None", status: "READY", run_id: run.run_id, tags: [{ key: "a", value: "1" }] });
    expect((await version("counted", { source: `runs:/${run.run_id}/model` })).version).toBe("2");
    await mlflow.ask("DELETE", "model-versions/delete", { name: "counted", version: "2" });
    expect((await version("counted")).version).toBe("3");
    expect(await mlflow.get("model-versions/get?name=counted&version=2")).toMatchObject({ ...MISSING, body: { message: "Model Version (name=counted, version=2) not found" } });
    expect(await mlflow.get("model-versions/get?name=counted&version=x")).toMatchObject(INVALID);
    const search = (filter: string) => mlflow.get(`model-versions/search?filter=${encodeURIComponent(filter)}`);
    expect((await search("name = 'counted'")).body.model_versions.map((one: { version: string }) => one.version)).toEqual(["3", "1"]);
    expect((await search(`run_id = '${run.run_id}' and tags.a = '1'`)).body.model_versions).toHaveLength(1);
    expect((await search("name = 'counted' and version_number > 2")).body.model_versions).toHaveLength(1);
    expect(await search("stage = 'x'")).toMatchObject(INVALID);
    expect((await mlflow.get("model-versions/get-download-uri?name=counted&version=1")).body).toEqual({ artifact_uri: `${run.artifact_uri}/model` });
  });

  it.each(["/etc/passwd", "file:///x", "models:/m-nothing", "s3://a/../b"])("are not made of %s", async (source) => {
    await mlflow.post("registered-models/create", { name: "sources" });
    expect(await mlflow.post("model-versions/create", { name: "sources", source })).toMatchObject(INVALID);
  });

  it("are made of another model's version by its alias, stage or newness, and stay with what that was", async () => {
    for (const name of ["origin", "copies"]) await mlflow.post("registered-models/create", { name });
    for (const at of [1, 2, 3]) await version("origin", { source: `s3://bucket/${at}` });
    await mlflow.post("registered-models/alias", { name: "origin", alias: "champion", version: "1" });
    await mlflow.post("model-versions/transition-stage", { name: "origin", version: "2", stage: "Production" });
    for (const [which, number] of [["@champion", 1], ["/Production", 2], ["/latest", 3], ["@latest", 3]] as const) {
      const copy = await version("copies", { source: `models:/origin${which}` });
      expect([which, copy.source]).toEqual([which, `models:/origin/${number}`]);
      expect((await mlflow.get(`model-versions/get-download-uri?name=copies&version=${copy.version}`)).body).toEqual({ artifact_uri: `s3://bucket/${number}` });
    }
    for (const source of ["models:/origin@none", "models:/origin/Staging", "models:/origin/live"]) expect([source, await mlflow.post("model-versions/create", { name: "copies", source })]).toMatchObject([source, INVALID]);
    expect(await mlflow.post("model-versions/create", { name: "copies", source: "models:/nobody@champion" })).toMatchObject(MISSING);
    expect(await mlflow.post("model-versions/create", { name: "copies", source: "models:/100%/1" })).toMatchObject(MISSING);
  });

  it("of no run are unlike any run, and may be numbered in quotes", async () => {
    const { run_id } = await newRun();
    await mlflow.post("registered-models/create", { name: "runless" });
    for (const more of [{}, { run_id }]) await version("runless", more);
    const found = async (filter: string) => (await mlflow.get(`model-versions/search?filter=${encodeURIComponent(`name = 'runless' and ${filter}`)}`)).body.model_versions.map((one: { version: string }) => one.version);
    for (const filter of [`run_id != '${run_id}'`, "run_id = ''", `run_id not in ('${run_id}')`, "version_number = '1'"]) expect([filter, await found(filter)]).toEqual([filter, ["1"]]);
    for (const filter of [`run_id = '${run_id}'`, `run_id IN ('${run_id}',)`, "run_id != ''", "version_number > '1'"]) expect([filter, await found(filter)]).toEqual([filter, ["2"]]);
  });

  it("may be prompts, which have a text and no source", async () => {
    const prompt = [{ key: "mlflow.prompt.is_prompt", value: "true" }, { key: "mlflow.prompt.text", value: "Hello {{name}}" }];
    await mlflow.post("registered-models/create", { name: "greeting", tags: prompt.slice(0, 1) });
    const made = await version("greeting", { source: "dummy-source", tags: prompt });
    expect(made).toMatchObject({ version: "1", source: "dummy-source", tags: expect.arrayContaining(prompt) });
    expect(await mlflow.post("model-versions/create", { name: "greeting", source: "dummy-source" })).toMatchObject(INVALID);
    expect(await mlflow.post("model-versions/create", { name: "greeting", source: "/etc/passwd", tags: prompt })).toMatchObject(INVALID);
    const found = async (what: string, filter: string) => {
      const { registered_models, model_versions } = (await mlflow.get(`${what}/search?filter=${encodeURIComponent(filter)}`)).body;
      return (registered_models ?? model_versions).length as number;
    };
    for (const what of ["registered-models", "model-versions"]) expect([what, await found(what, "name = 'greeting'"), await found(what, "name = 'greeting' and tags.`mlflow.prompt.is_prompt` = 'true'")]).toEqual([what, 0, 1]);
    const latest = (alias: string) => mlflow.get(`registered-models/alias?name=greeting&alias=${alias}`);
    await version("greeting", { source: "prompt-template", tags: prompt });
    for (const alias of ["latest", "LATEST"]) expect((await latest(alias)).body.model_version.version).toBe("2");
    await mlflow.post("registered-models/create", { name: "silence" });
    expect(await mlflow.get("registered-models/alias?name=silence&alias=latest")).toMatchObject(MISSING);
  });

  it("move between stages; the one that takes a place archives the others", async () => {
    await mlflow.post("registered-models/create", { name: "staged" });
    for (const _ of [1, 2]) await version("staged");
    const move = (number: string, stage: string, archive = false) => mlflow.post("model-versions/transition-stage", { name: "staged", version: number, stage, archive_existing_versions: archive });
    expect((await move("1", "production")).body.model_version.current_stage).toBe("Production");
    expect((await move("2", "Production", true)).body.model_version.current_stage).toBe("Production");
    expect((await mlflow.get("model-versions/get?name=staged&version=1")).body.model_version.current_stage).toBe("Archived");
    expect(await move("1", "Live")).toMatchObject(INVALID);
    expect(await move("1", "None", true)).toMatchObject({ ...INVALID, body: { message: expect.stringContaining("not an Active stage") } });
    await version("staged");
    const latest = await mlflow.post("registered-models/get-latest-versions", { name: "staged", stages: ["Production", "none"] });
    expect(latest.body.model_versions.map((one: { version: string; current_stage: string }) => `${one.version} ${one.current_stage}`).sort()).toEqual(["2 Production", "3 None"]);
    const told = await server.db.select({ message: modelEvents.message, actor: modelEvents.actor }).from(modelEvents).where(eq(modelEvents.kind, "version.stage"));
    expect(told).toContainEqual({ actor: "Lea Lead", message: "Version 1 moved from Production to Archived: version 2 takes its place." });
  });

  it("carry aliases that move and go", async () => {
    await mlflow.post("registered-models/create", { name: "aliased" });
    for (const _ of [1, 2]) await version("aliased");
    for (const number of ["1", "2"]) expect((await mlflow.post("registered-models/alias", { name: "aliased", alias: "champion", version: number })).status).toBe(200);
    expect((await mlflow.get("registered-models/alias?name=aliased&alias=champion")).body.model_version).toMatchObject({ version: "2", aliases: ["champion"] });
    expect((await mlflow.get("registered-models/get?name=aliased")).body.registered_model.aliases).toEqual([{ alias: "champion", version: "2" }]);
    for (const alias of ["latest", "v3", "a b", ""]) expect(await mlflow.post("registered-models/alias", { name: "aliased", alias, version: "1" })).toMatchObject(INVALID);
    expect(await mlflow.post("registered-models/alias", { name: "aliased", alias: "x", version: "9" })).toMatchObject(MISSING);
    await mlflow.ask("DELETE", "registered-models/alias", { name: "aliased", alias: "champion" });
    expect(await mlflow.get("registered-models/alias?name=aliased&alias=champion")).toMatchObject(INVALID);
  });

  it("are promoted only by who may", async () => {
    await member.post("registered-models/create", { name: "by-member" });
    expect((await member.post("model-versions/create", { name: "by-member", source: "s3://b/m" })).status).toBe(200);
    for (const [path, body] of [["registered-models/alias", { alias: "a" }], ["model-versions/transition-stage", { stage: "Production" }]] as const) expect(await member.post(path, { name: "by-member", version: "1", ...body })).toMatchObject({ status: 403, body: { error_code: "PERMISSION_DENIED" } });
    expect(await member.ask("DELETE", "model-versions/delete", { name: "by-member", version: "1" })).toMatchObject({ status: 403 });
  });
});

describe("logged models", () => {
  const create = async (more: object = {}) => (await mlflow.post("logged-models", { experiment_id: "0", name: "net", ...more })).body.model;

  it("are made pending, get files, parameters and tags, become ready, and are registered", async () => {
    const run = await newRun();
    const model = await create({ source_run_id: run.run_id, model_type: "agent", params: [{ key: "lr", value: "0.1" }] });
    const { model_id: id } = model.info;
    expect(model.info).toMatchObject({ status: "LOGGED_MODEL_PENDING", source_run_id: run.run_id, model_type: "agent", artifact_uri: expect.stringMatching(new RegExp(`^mlflow-artifacts:/exp_[0-9a-f-]+/models/${id}/artifacts$`)) });
    const put = await server.app.request(`/mlflow/p/${server.org.project.slug}/api/2.0/mlflow-artifacts/artifacts/${model.info.artifact_uri.slice("mlflow-artifacts:/".length)}/data/weights.bin`, { method: "PUT", body: "weights", headers: { authorization: `Bearer ${await tokenOf(server, server.org.slug, server.member, ["runs:read", "runs:log"])}` } });
    expect(put.status).toBe(200);
    expect((await mlflow.post("runs/outputs", { run_id: run.run_id, models: [{ model_id: id, step: 3 }] })).status).toBe(200);
    expect((await mlflow.post(`logged-models/${id}/params`, { params: [{ key: "depth", value: "3" }] })).body).toEqual({});
    expect(await mlflow.post(`logged-models/${id}/params`, { params: [{ key: "lr", value: "0.2" }] })).toMatchObject(INVALID);
    await mlflow.ask("PATCH", `logged-models/${id}/tags`, { tags: [{ key: "mlflow.note", value: "x" }] });
    expect((await mlflow.ask("PATCH", `logged-models/${id}`, { model_id: id, status: "LOGGED_MODEL_READY" })).body.model.info.status).toBe("LOGGED_MODEL_READY");
    expect((await mlflow.get(`logged-models/${id}/artifacts/directories`)).body.files).toEqual([{ path: "data", is_dir: true }]);
    await mlflow.post("registered-models/create", { name: "from-logged" });
    expect(await version("from-logged", { source: `models:/${id}`, model_id: id })).toMatchObject({ model_id: id, run_id: run.run_id });
    expect((await mlflow.get("model-versions/get-download-uri?name=from-logged&version=1")).body.artifact_uri).toBe(model.info.artifact_uri);
    const found = (await mlflow.get(`logged-models/${id}`)).body.model;
    expect([found.info.registrations, found.data.params]).toEqual([[{ name: "from-logged", version: "1" }], [{ key: "lr", value: "0.1" }, { key: "depth", value: "3" }]]);
    expect((await mlflow.ask("DELETE", `logged-models/${id}/tags/mlflow.note`)).status).toBe(200);
    expect(await mlflow.ask("DELETE", `logged-models/${id}/tags/mlflow.note`)).toMatchObject(MISSING);
  });

  it("of no run and no type are unlike any, and are found by the data sets that they were measured on", async () => {
    const run = await newRun();
    const [a, b] = [await create({ name: "on-a", source_run_id: run.run_id, model_type: "sklearn", params: [{ key: "steps", value: "x".repeat(7000) }] }), await create({ name: "on-b" })];
    await mlflow.post("runs/log-metric", { run_id: run.run_id, key: "acc", value: 0.5, timestamp: 1, model_id: b.info.model_id, dataset_name: "iris", dataset_digest: "d1" });
    const names = async (filter: string, more: object = {}) => (await mlflow.post("logged-models/search", { experiment_ids: ["0"], filter: `name LIKE 'on-%' and ${filter}`, ...more })).body.models.map((one: { info: { name: string } }) => one.info.name);
    expect(a.data.params[0].value).toHaveLength(7000);
    for (const filter of [`source_run_id != '${run.run_id}'`, "model_type != 'sklearn'"]) expect([filter, await names(filter)]).toEqual([filter, ["on-b"]]);
    expect(await names("creation_timestamp_ms > 0", { order_by: [{ field_name: "creation_timestamp_ms", ascending: true }] })).toEqual(["on-a", "on-b"]);
    expect(await names("creation_timestamp > 0", { datasets: [{ dataset_name: "iris" }] })).toEqual(["on-b"]);
    expect(await names("creation_timestamp > 0", { datasets: [{ dataset_name: "iris", dataset_digest: "d2" }] })).toEqual([]);
    await mlflow.post("registered-models/create", { name: "of-logged" });
    expect(await version("of-logged", { model_id: a.info.model_id })).toMatchObject({ model_id: a.info.model_id, run_id: run.run_id });
  });

  it("are searched by their own names and go when deleted", async () => {
    const [a] = [await create({ name: "search-a", params: [{ key: "k", value: "1" }] }), await create({ name: "search-b" })];
    const search = async (filter: string, more: object = {}) => (await mlflow.post("logged-models/search", { experiment_ids: ["0"], filter, ...more })).body;
    expect((await search("name LIKE 'search-%'", { order_by: [{ field_name: "name", ascending: false }] })).models.map((one: { info: { name: string } }) => one.info.name)).toEqual(["search-b", "search-a"]);
    expect((await search("params.k = '1' and name = 'search-a'")).models).toHaveLength(1);
    const first = await search("name LIKE 'search-%'", { max_results: 1 });
    expect((await search("name LIKE 'search-%'", { max_results: 1, page_token: first.next_page_token })).models[0].info.model_id).toBe(a.info.model_id);
    await mlflow.ask("DELETE", `logged-models/${a.info.model_id}`);
    expect(await mlflow.get(`logged-models/${a.info.model_id}`)).toMatchObject(MISSING);
    expect((await search("name LIKE 'search-%'")).models).toHaveLength(1);
  });

  it("of its own run are what the token of a run may log and register", async () => {
    const run = await server.make.run(server.org.project, server.member.id, { status: "running" });
    const attempt = await server.make.attempt(run, (await server.make.cluster(server.org)).id, { status: "running" });
    const inside = server.speak(undefined, `Bearer ${runToken(attempt.id)}`);
    const other = await create({ name: "not-mine" });
    expect(await inside.post("logged-models", { experiment_id: run.experimentId, name: "x" })).toMatchObject({ status: 403 });
    const mine = (await inside.post("logged-models", { experiment_id: run.experimentId, name: "x", source_run_id: run.id })).body.model;
    expect((await inside.get(`logged-models/${mine.info.model_id}`)).status).toBe(200);
    expect((await inside.get(`logged-models/${other.info.model_id}`)).status).toBe(404);
    await inside.post("registered-models/create", { name: "inside" });
    expect((await inside.post("model-versions/create", { name: "inside", source: `models:/${mine.info.model_id}` })).status).toBe(200);
    expect((await inside.post("model-versions/create", { name: "inside", source: `models:/${other.info.model_id}` })).status).toBe(404);
    expect((await inside.post("model-versions/create", { name: "inside", source: "s3://elsewhere/x" })).status).toBe(403);
    expect((await inside.post("registered-models/alias", { name: "inside", alias: "a", version: "1" })).status).toBe(403);
  });
});

it("hides another tenant's models byte for byte like missing ones", async () => {
  const there = await server.make.org({});
  const stranger = await server.make.member(there, "owner");
  const theirs = server.speak(there.project.slug, `Bearer ${await tokenOf(server, there.slug, stranger, ALL)}`);
  await theirs.post("registered-models/create", { name: "secret" });
  await theirs.post("model-versions/create", { name: "secret", source: "s3://b/m" });
  const model = (await theirs.post("logged-models", { experiment_id: "0", name: "x" })).body.model.info.model_id as string;
  const none = `m-${"0".repeat(32)}`;
  for (const path of ["registered-models/get?name=NAME", "model-versions/get?name=NAME&version=1", "registered-models/alias?name=NAME&alias=a"]) {
    const [foreign, missing] = [await mlflow.get(path.replace("NAME", "secret")), await mlflow.get(path.replace("NAME", "absent"))];
    expect([path, foreign.status, foreign.text.replaceAll("secret", "absent")]).toEqual([path, 404, missing.text]);
  }
  expect((await mlflow.get(`logged-models/${model}`)).text.replaceAll(model, none)).toBe((await mlflow.get(`logged-models/${none}`)).text);
});
