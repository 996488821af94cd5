import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runs } from "../../../db/schema/experiments.ts";
import { bus } from "../../bus.ts";
import { giveUp } from "../commands/attempt-moves.ts";
import { lockPairs, transact } from "../commands/transitions.ts";
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

  it("describe an experiment at length, and are told where that is too long", async () => {
    const id = await newExperiment("described");
    const describe = (length: number) => mlflow.post("experiments/set-experiment-tag", { experiment_id: id, key: "mlflow.note.content", value: "x".repeat(length) });
    expect((await describe(20_000)).status).toBe(200);
    expect(await describe(20_001)).toMatchObject({ status: 400, body: { error_code: "INVALID_PARAMETER_VALUE" } });
    const [note] = (await mlflow.get(`experiments/get?experiment_id=${id}`)).body.experiment.tags;
    expect(note.value).toHaveLength(20_000);
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

  it("correct how a run ended, and when, without moving its end to now", async () => {
    const { run_id } = (await newRun({ start_time: 1000 })).info;
    const update = async (change: object) => (await mlflow.post("runs/update", { run_id, ...change })).body.run_info;
    await update({ status: "FAILED", end_time: 5000 });
    expect(await update({ status: "FINISHED" })).toMatchObject({ status: "FINISHED", end_time: 5000 });
    expect(await update({ end_time: 7000 })).toMatchObject({ status: "FINISHED", end_time: 7000 });
    expect((await update({ status: "RUNNING" })).end_time).toBeUndefined();
    expect((await update({ end_time: 9000 })).end_time).toBeUndefined(); // it still runs
    expect((await update({ status: "KILLED" })).end_time).toBeGreaterThan(1_700_000_000_000);
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
    expect(await inside.post("runs/delete", { run_id: run.id })).toMatchObject({ status: 403 });
    expect((await server.app.request("/api/trpc/experiments.list", { headers: { authorization: `Bearer ${runToken(attempt.id)}` } })).status).toBe(401);
    // Ending its part of the run ends nothing: the attempt does.
    expect((await inside.post("runs/update", { run_id: run.id, status: "FINISHED", end_time: 5000 })).body.run_info.status).toBe("RUNNING");
    await server.sql`update attempts set status = 'ended', outcome = 'succeeded' where id = ${attempt.id}`;
    expect(await inside.get(`runs/get?run_id=${run.id}`)).toMatchObject({ status: 401 });
  });

  describe("inside a run", () => {
    const parentOf = ({ data }: { data: { tags: { key: string; value: string }[] } }) => data.tags.filter(({ key }) => key === "mlflow.parentRunId").map(({ value }) => value);
    const child = (parent: string) => ({ run_name: "trial", tags: [{ key: "mlflow.parentRunId", value: parent }] });
    async function started() {
      const run = await server.make.run(server.org.project, server.member.id, { status: "running" });
      const attempt = await server.make.attempt(run, (await server.make.cluster(server.org)).id, { status: "running" });
      return { run, attempt, inside: server.speak(undefined, `Bearer ${runToken(attempt.id)}`) };
    }

    it("make runs inside of it, log to them, end them, and nest deeper", async () => {
      const { run, inside } = await started();
      const made = (await inside.post("runs/create", { experiment_id: run.experimentId, ...child(run.id) })).body.run;
      expect([made.info.experiment_id, parentOf(made)]).toEqual([run.experimentId, [run.id]]);
      const id = made.info.run_id as string;
      // A client that names neither parent nor experiment means the run that it is inside of.
      const unsaid = (await inside.post("runs/create", {})).body.run;
      expect([unsaid.info.experiment_id, parentOf(unsaid)]).toEqual([run.experimentId, [run.id]]);
      expect(parentOf((await inside.post("runs/create", child(id))).body.run)).toEqual([id]);
      const logged = { metrics: [{ key: "m", value: 1, timestamp: 1 }], params: [{ key: "p", value: "1" }], tags: [] };
      expect((await inside.post("runs/log-batch", { run_id: id, ...logged })).status).toBe(200);
      expect((await inside.post("runs/log-metric", { run_id: id, key: "m", value: 2, timestamp: 2 })).status).toBe(200);
      expect((await inside.get(`metrics/get-history?run_id=${id}&metric_key=m`)).body.metrics).toHaveLength(2);
      const model = (await inside.post("logged-models", { experiment_id: run.experimentId, name: "x", source_run_id: id })).body.model.info.model_id as string;
      expect((await inside.get(`logged-models/${model}`)).status).toBe(200);
      expect((await inside.post("logged-models/search", { experiment_ids: [run.experimentId] })).body.models).toHaveLength(1);
      expect((await inside.post("runs/update", { run_id: id, status: "FINISHED" })).body.run_info.status).toBe("FINISHED");
      expect(await inside.post("runs/delete", { run_id: id })).toMatchObject({ status: 403 });
      const rows = await server.sql`select owner_type, owner_id, spec from runs where id = ${id}`;
      expect(rows).toEqual([{ owner_type: "user", owner_id: server.member.id, spec: null }]);
      expect(await server.sql`select distinct attempt_id from metric_batches where run_id = ${id}`).toEqual([{ attempt_id: null }]);
    });

    it("reach no sibling, no child of another run and no other project, whatever the tags say", async () => {
      const [mine, theirs] = [await started(), await started()];
      const theirChild = (await theirs.inside.post("runs/create", child(theirs.run.id))).body.run.info.run_id as string;
      // Made by a person, in the experiment of the run and called its child: still not the run's own.
      const sibling = (await mlflow.post("runs/create", { experiment_id: mine.run.experimentId, ...child(mine.run.id) })).body.run.info.run_id as string;
      for (const id of [theirChild, theirs.run.id]) await mlflow.post("runs/set-tag", { run_id: id, key: "mlflow.parentRunId", value: mine.run.id });
      await theirs.inside.post("runs/set-tag", { run_id: theirChild, key: "mlflow.parentRunId", value: mine.run.id });
      const far = await server.make.project(server.org, { teamId: (await server.make.team(server.org)).id, name: "elsewhere" });
      const foreign = await server.make.run(far, server.member.id);
      for (const id of [theirChild, theirs.run.id, sibling, foreign.id, "run_none"]) {
        const tried = await Promise.all([
          mine.inside.get(`runs/get?run_id=${id}`),
          mine.inside.post("runs/update", { run_id: id, status: "FAILED" }),
          mine.inside.post("runs/log-metric", { run_id: id, key: "m", value: 1, timestamp: 1 }),
          mine.inside.post("runs/log-batch", { run_id: id, params: [{ key: "p", value: "1" }] }),
          mine.inside.post("runs/set-tag", { run_id: id, key: "mlflow.parentRunId", value: mine.run.id }),
          mine.inside.get(`artifacts/list?run_id=${id}`),
          mine.inside.get(`metrics/get-history-bulk?run_id=${mine.run.id}&run_id=${id}&metric_key=m`),
        ]);
        expect([id, tried.map(({ status }) => status)]).toEqual([id, tried.map(() => 404)]);
        expect([id, (await mine.inside.post("runs/create", child(id))).status]).toEqual([id, 403]);
      }
      const elsewhere = await server.make.run(far, server.member.id);
      expect((await mine.inside.post("runs/create", { experiment_id: elsewhere.experimentId })).status).toBe(404);
      expect((await mine.inside.post("runs/create", { experiment_id: "0" })).status).toBe(404);
      expect((await server.speak(far.slug, `Bearer ${runToken(mine.attempt.id)}`).post("runs/create", {})).status).toBe(404);
      // The run's own child is its own, whatever its tag is changed to; and the other run gains nothing by it.
      const own = (await mine.inside.post("runs/create", child(mine.run.id))).body.run.info.run_id as string;
      await mine.inside.post("runs/set-tag", { run_id: own, key: "mlflow.parentRunId", value: theirs.run.id });
      expect([(await mine.inside.get(`runs/get?run_id=${own}`)).status, (await theirs.inside.get(`runs/get?run_id=${own}`)).status]).toEqual([200, 404]);
    });

    it("may set the experiment that they are in, and are told what to do about any other", async () => {
      const { run, inside } = await started();
      const [{ name }] = (await server.sql`select name from experiments where id = ${run.experimentId}`) as unknown as [{ name: string }];
      expect((await inside.get(`experiments/get-by-name?experiment_name=${encodeURIComponent(name)}`)).body.experiment.experiment_id).toBe(run.experimentId);
      expect(await inside.post("experiments/create", { name })).toMatchObject({ status: 400, body: { error_code: "RESOURCE_ALREADY_EXISTS" } });
      const texts = await Promise.all(["first", "never made"].map(async (other) => {
        expect((await inside.get(`experiments/get-by-name?experiment_name=${encodeURIComponent(other)}`)).status).toBe(404);
        return (await inside.post("experiments/create", { name: other })).text.replaceAll(other, "…");
      }));
      expect(texts[0]).toBe(texts[1]);
      expect(texts[0]).toMatch(/PERMISSION_DENIED.*own experiment.*spec/);
    });

    it("leave nothing open: what they made ends with the attempt, and a later attempt of the run goes on with it", async () => {
      const { run, attempt, inside } = await started();
      const [open, done, other] = [await inside.post("runs/create", {}), await inside.post("runs/create", {}), { body: { run: await newRun({ experiment_id: run.experimentId, ...child(run.id) }) } }].map(({ body }) => body.run.info.run_id as string);
      await inside.post("runs/update", { run_id: done, status: "FINISHED" });
      await transact(server.db, bus(), async (work) => {
        const pair = (await lockPairs(work.tx, [attempt.id])).get(attempt.id)!;
        await giveUp(work, pair, { message: "Gone.", actor: "test", then: "requeue" });
      });
      const status = async (id: string | undefined) => (await mlflow.get(`runs/get?run_id=${id}`)).body.run.info.status;
      expect([await status(open), await status(done), await status(other)]).toEqual(["FAILED", "FINISHED", "RUNNING"]);
      expect((await inside.post("runs/create", {})).status).toBe(401);
      const second = await server.make.attempt(run, (await server.make.cluster(server.org)).id, { status: "running", number: 2 });
      const again = server.speak(undefined, `Bearer ${runToken(second.id)}`);
      expect((await again.post("runs/update", { run_id: open, status: "RUNNING" })).body.run_info.status).toBe("RUNNING");
      expect((await again.get(`runs/get?run_id=${other}`)).status).toBe(404);
    });
  });

  it("get MLflow's answers for what is not there", async () => {
    expect(await mlflow.post("runs/explode")).toMatchObject({ status: 404, body: { error_code: "ENDPOINT_NOT_FOUND" } });
    expect(await mlflow.post("runs/create", "{not json")).toMatchObject({ status: 400, body: { error_code: "BAD_REQUEST" } });
    expect(await mlflow.get("runs/get")).toMatchObject({ status: 400, body: { error_code: "INVALID_PARAMETER_VALUE" } });
    expect(await (await server.app.request(`/mlflow/p/${server.org.project.slug}/health`)).text()).toBe("OK");
    expect(await (await server.app.request(`/mlflow/p/${server.org.project.slug}/version`)).text()).toMatch(/^\d+\.\d+\.\d+$/);
  });
});
