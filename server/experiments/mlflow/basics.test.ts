import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runs } from "../../../db/schema/experiments.ts";
import { runToken } from "../run-token.ts";
import { mlflowServer, speaker, tokenOf, type Speaker } from "./testing.ts";

describe("MLflow's clients", () => {
  let server: Awaited<ReturnType<typeof mlflowServer>>;
  let mlflow: Speaker;
  beforeAll(async () => {
    server = await mlflowServer();
    mlflow = server.speak();
  });
  afterAll(() => server.close());

  const newExperiment = async (name: string) => (await mlflow.post("experiments/create", { name })).body.experiment_id as string;
  const newRun = async (more: object = {}) => (await mlflow.post("runs/create", more)).body.run;

  it("make an experiment as set_experiment does: by name, missing, create, get", async () => {
    expect(await mlflow.get("experiments/get-by-name?experiment_name=first")).toMatchObject({ status: 404, body: { error_code: "RESOURCE_DOES_NOT_EXIST" } });
    const made = await mlflow.post("experiments/create", { name: "first", tags: [{ key: "team", value: "blue" }] });
    expect(made.status).toBe(200);
    const found = await mlflow.get(`experiments/get?experiment_id=${made.body.experiment_id}`);
    expect(found.body.experiment).toMatchObject({ name: "first", lifecycle_stage: "active", tags: [{ key: "team", value: "blue" }], artifact_location: `mlflow-artifacts:/${made.body.experiment_id}` });
    expect(await mlflow.post("experiments/create", { name: "first" })).toMatchObject({ status: 400, body: { error_code: "RESOURCE_ALREADY_EXISTS" } });
    expect(await mlflow.post("experiments/create", { name: "" })).toMatchObject({ status: 400, body: { error_code: "INVALID_PARAMETER_VALUE" } });
  });

  it("find the default experiment under 0, under both prefixes", async () => {
    const found = await mlflow.get("experiments/get?experiment_id=0");
    expect(found.body.experiment.name).toBe("Default");
    expect((await mlflow.ask("GET", "experiments/get?experiment_id=0", undefined, "ajax-api")).body).toEqual(found.body);
  });

  it("rename, delete and restore an experiment, and its runs go with it", async () => {
    const id = await newExperiment("to delete");
    const run = await newRun({ experiment_id: id });
    expect((await mlflow.post("experiments/update", { experiment_id: id, new_name: "renamed" })).body).toEqual({});
    expect(await mlflow.post("experiments/update", { experiment_id: id, new_name: "first" })).toMatchObject({ status: 400, body: { error_code: "RESOURCE_ALREADY_EXISTS" } });
    await mlflow.post("experiments/delete", { experiment_id: id });
    expect((await mlflow.get(`experiments/get?experiment_id=${id}`)).body.experiment.lifecycle_stage).toBe("deleted");
    expect((await mlflow.get(`runs/get?run_id=${run.info.run_id}`)).body.run.info.lifecycle_stage).toBe("deleted");
    expect(await mlflow.post("runs/create", { experiment_id: id })).toMatchObject({ status: 400, body: { error_code: "INVALID_PARAMETER_VALUE" } });
    expect((await mlflow.post("experiments/create", { name: "renamed" })).body.message).toContain("deleted state");
    await mlflow.post("experiments/restore", { experiment_id: id });
    expect((await mlflow.get(`runs/get?run_id=${run.info.run_id}`)).body.run.info.lifecycle_stage).toBe("active");
  });

  it("make a run, which is shown in the console and never queued", async () => {
    const run = await newRun({ user_id: "ada", start_time: 1_700_000_000_123, run_name: "my run", tags: [{ key: "mlflow.source.name", value: "train.py" }] });
    expect(run.info).toMatchObject({ run_name: "my run", user_id: "ada", status: "RUNNING", start_time: 1_700_000_000_123, lifecycle_stage: "active" });
    expect(run.info.run_uuid).toBe(run.info.run_id);
    expect(run.info.artifact_uri).toBe(`mlflow-artifacts:/${run.info.experiment_id}/${run.info.run_id}/artifacts`);
    expect(run.data.tags).toEqual([{ key: "mlflow.runName", value: "my run" }, { key: "mlflow.source.name", value: "train.py" }]);
    const [row] = await server.db.select().from(runs).where(eq(runs.id, run.info.run_id));
    expect(row).toMatchObject({ origin: "client", status: "running", spec: null });
    const headers = await server.as(server.member, server.org.slug);
    const shown = await server.query(headers, "experiments.get", { id: run.info.run_id });
    expect(shown.data).toMatchObject({ origin: "client", spec: null, attempts: [], can: { cancel: { ok: false }, retry: { ok: false }, clone: { ok: false } } });
    expect(await server.call(headers, "experiments.cancel", { id: run.info.run_id })).toMatchObject({ status: 409 });
  });

  it("end a run and begin it again by their own clock", async () => {
    const { info } = await newRun({ start_time: 1000 });
    const ended = await mlflow.post("runs/update", { run_id: info.run_id, status: "FINISHED", end_time: 5000 });
    expect(ended.body.run_info).toMatchObject({ status: "FINISHED", end_time: 5000, start_time: 1000 });
    const again = await mlflow.post("runs/update", { run_uuid: info.run_id, status: "RUNNING", run_name: "again" });
    expect(again.body.run_info).toMatchObject({ status: "RUNNING", run_name: "again" });
    expect(again.body.run_info.end_time).toBeUndefined();
    expect(await mlflow.post("runs/update", { run_id: info.run_id, status: "DONE" })).toMatchObject({ status: 400, body: { error_code: "INVALID_PARAMETER_VALUE" } });
  });

  it("delete and restore a run", async () => {
    const { info } = await newRun();
    await mlflow.post("runs/delete", { run_id: info.run_id });
    expect((await mlflow.get(`runs/get?run_id=${info.run_id}`)).body.run.info.lifecycle_stage).toBe("deleted");
    expect(await mlflow.post("runs/update", { run_id: info.run_id, status: "FINISHED" })).toMatchObject({ status: 400, body: { error_code: "INVALID_PARAMETER_VALUE" } });
    const headers = await server.as(server.member, server.org.slug);
    expect((await server.query(headers, "experiments.list", {})).data.items.map(({ id }: { id: string }) => id)).not.toContain(info.run_id);
    await mlflow.post("runs/restore", { run_id: info.run_id });
    expect((await mlflow.get(`runs/get?run_id=${info.run_id}`)).body.run.info.lifecycle_stage).toBe("active");
  });

  it("may send the token as a password, and nothing else", async () => {
    const basic = (text: string) => speaker(server, server.org.project.slug, `Basic ${Buffer.from(text).toString("base64")}`).get("experiments/get?experiment_id=0");
    expect((await basic(`ada:${server.token}`)).status).toBe(200);
    expect(await basic("ada:wrong")).toMatchObject({ status: 401, body: { error_code: "UNAUTHENTICATED" } });
    expect((await speaker(server, server.org.project.slug, "").get("experiments/get?experiment_id=0")).status).toBe(401);
    const cookie = await server.as(server.member, server.org.slug);
    expect((await server.app.request(`/mlflow/p/${server.org.project.slug}/api/2.0/mlflow/experiments/get?experiment_id=0`, { headers: cookie })).status).toBe(401);
  });

  it("that may only read cannot write", async () => {
    const viewer = await server.make.member(server.org, "viewer");
    const reads = server.speak(undefined, `Bearer ${await tokenOf(server, server.org.slug, viewer, ["runs:read"])}`);
    expect((await reads.get("experiments/get-by-name?experiment_name=first")).status).toBe(200);
    expect(await reads.post("experiments/create", { name: "no" })).toMatchObject({ status: 403, body: { error_code: "PERMISSION_DENIED" } });
  });

  it("cannot tell another tenant's project, experiment or run from a missing one", async () => {
    const other = await server.make.org({});
    const stranger = await server.make.member(other, "member");
    const theirs = server.speak(other.project.slug, `Bearer ${await tokenOf(server, other.slug, stranger, ["runs:read", "runs:log"])}`);
    const experiment = (await theirs.post("experiments/create", { name: "theirs" })).body.experiment_id as string;
    const run = (await theirs.post("runs/create", { experiment_id: experiment })).body.run.info.run_id as string;
    const far = await server.make.project(server.org, { teamId: (await server.make.team(server.org)).id, name: "far" });
    const insider = await server.make.user({});
    await server.make.role(server.org, insider.id, "member", "project", server.org.project.id);
    const limited = `Bearer ${await tokenOf(server, server.org.slug, insider, ["runs:read", "runs:log"])}`;
    const hidden = await server.speak(far.slug, limited).get("experiments/get?experiment_id=0");
    const absent = await server.speak("no-such", limited).get("experiments/get?experiment_id=0");
    expect([hidden.status, hidden.text.replaceAll(far.slug, "no-such")]).toEqual([absent.status, absent.text]);
    expect(hidden.status).toBe(404);
    const same = async (path: (id: string) => Promise<{ status: number; text: string }>, theirId: string, none: string) => {
      const [foreign, nothing] = [await path(theirId), await path(none)];
      expect([foreign.status, foreign.text.replaceAll(theirId, none)]).toEqual([nothing.status, nothing.text]);
      expect(foreign.status).toBe(404);
    };
    await same((id) => mlflow.get(`experiments/get?experiment_id=${id}`), experiment, "exp_none");
    await same((id) => mlflow.get(`runs/get?run_id=${id}`), run, "run_none");
    await same((id) => mlflow.post("runs/update", { run_id: id, status: "FAILED" }), run, "run_none");
    await same((id) => mlflow.post("runs/delete", { run_id: id }), run, "run_none");
  });

  it("inside a run write to that run and to nothing else, while its attempt lives", async () => {
    const run = await server.make.run(server.org.project, server.member.id, { status: "running" });
    const cluster = await server.make.cluster(server.org);
    const attempt = await server.make.attempt(run, cluster.id, { status: "running" });
    const inside = server.speak(undefined, `Bearer ${runToken(attempt.id)}`);
    const other = await newRun();
    expect((await inside.get(`runs/get?run_id=${run.id}`)).body.run.info).toMatchObject({ run_id: run.id, status: "RUNNING" });
    expect((await inside.get(`experiments/get?experiment_id=${run.experimentId}`)).status).toBe(200);
    expect((await inside.get(`runs/get?run_id=${other.info.run_id}`)).status).toBe(404);
    expect((await inside.post("runs/update", { run_id: other.info.run_id, status: "FAILED" })).status).toBe(404);
    expect((await inside.get("experiments/get?experiment_id=0")).status).toBe(404);
    expect(await inside.post("runs/create", {})).toMatchObject({ status: 403 });
    expect(await inside.post("runs/delete", { run_id: run.id })).toMatchObject({ status: 403 });
    expect((await server.app.request("/api/trpc/experiments.list", { headers: { authorization: `Bearer ${runToken(attempt.id)}` } })).status).toBe(401);
    // Ending its part of the run ends nothing: the attempt does.
    expect((await inside.post("runs/update", { run_id: run.id, status: "FINISHED", end_time: 5000 })).body.run_info.status).toBe("RUNNING");
    await server.sql`update attempts set status = 'ended', outcome = 'succeeded' where id = ${attempt.id}`;
    expect(await inside.get(`runs/get?run_id=${run.id}`)).toMatchObject({ status: 401 });
  });

  it("get MLflow's answers for what is not there", async () => {
    expect(await mlflow.post("runs/explode")).toMatchObject({ status: 404, body: { error_code: "ENDPOINT_NOT_FOUND" } });
    expect(await mlflow.post("runs/create", "{not json")).toMatchObject({ status: 400, body: { error_code: "BAD_REQUEST" } });
    expect(await mlflow.get("runs/get")).toMatchObject({ status: 400, body: { error_code: "INVALID_PARAMETER_VALUE" } });
    expect(await (await server.app.request(`/mlflow/p/${server.org.project.slug}/health`)).text()).toBe("OK");
    expect(await (await server.app.request(`/mlflow/p/${server.org.project.slug}/version`)).text()).toMatch(/^\d+\.\d+\.\d+$/);
  });
});
