import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AGENT_PATHS } from "../../agent/protocol/messages.ts";
import { place, report, send, sha, testPlane, type TestAgent, type TestPlane } from "./testing.ts";

let plane: TestPlane;
let one: Awaited<ReturnType<TestPlane["makeAgent"]>>;
let two: Awaited<ReturnType<TestPlane["makeAgent"]>>;
beforeAll(async () => {
  plane = await testPlane();
  [one, two] = [await plane.makeAgent(), await plane.makeAgent()];
});
afterAll(() => plane.close());

const exit = () => ({ at: Date.now(), code: 1, signal: null, cause: "exited" as const, detail: "", lastLines: [], peakMemoryMib: 10 });
type Attempt = Awaited<ReturnType<typeof place>>;
const put = (agent: TestAgent, text: string) => send(plane.url + AGENT_PATHS.object(sha(text)), Buffer.from(text), agent.headers(AGENT_PATHS.object(sha(text)), text, { method: "PUT" }), "PUT");
const get = (agent: TestAgent, text: string) => send(plane.url + AGENT_PATHS.object(sha(text)), undefined, agent.headers(AGENT_PATHS.object(sha(text)), "", { method: "GET" }), "GET");
const file = (path: string, text: string) => ({ path, sha256: sha(text), bytes: text.length });
const keep = (agent: TestAgent, attempt: Attempt, files: ReturnType<typeof file>[], over: Record<string, unknown> = {}) => agent.post(AGENT_PATHS.checkpoint, { attemptId: attempt.id, fence: String(attempt.fence), files, final: false, ...over });
const ask = (agent: TestAgent, attempt: Attempt) => agent.post(AGENT_PATHS.restore, { attemptId: attempt.id, fence: String(attempt.fence) });
const told = async (runId: string) => (await plane.sql<{ kind: string; message: string }[]>`select kind, message from run_events where run_id = ${runId} and kind like 'checkpoint.%' order by id`).map(({ kind, message }) => [kind, message]);
const specOf = async (agent: TestAgent, attempt: Attempt) => {
  agent.desiredHash = "";
  return (await agent.sync()).desired?.find(({ attemptId }) => attemptId === attempt.id)?.spec;
};
/** The next attempt of the same run, on this cluster. */
async function again(run: Awaited<ReturnType<TestPlane["makeRun"]>>, clusterId: string): Promise<Attempt> {
  const [row] = await plane.sql<{ attempt_count: number }[]>`select attempt_count from runs where id = ${run.id}`;
  return place(plane, { ...run, attemptCount: row!.attempt_count }, clusterId);
}
async function failed(agent: TestAgent, attempt: Attempt, drained: boolean): Promise<void> {
  await agent.sync({ known: [attempt.id], reports: [report(attempt, { state: "running", seq: 1 })] });
  await agent.sync({ known: [attempt.id], reports: [report(attempt, { state: "exited", seq: drained ? 3 : 2, exit: exit(), drained })] });
}

describe("a checkpoint on its way to another cluster", () => {
  it("is waited for, then handed over with whose it is, and the timeline says so once", async () => {
    const run = await plane.makeRun();
    const first = await place(plane, run, one.cluster.id);
    expect((await specOf(one.agent, first))?.checkpointSync).toEqual({ everySeconds: 600, from: null });
    await put(one.agent, "step 1");
    expect((await keep(one.agent, first, [file("step", "step 1")])).status).toBe(200);
    await failed(one.agent, first, false);
    const second = await again(run, two.cluster.id);
    expect((await specOf(two.agent, second))?.checkpointSync).toEqual({ everySeconds: 600, from: { attemptNumber: 1 } });
    expect((await ask(two.agent, second)).body).toMatchObject({ ready: false, files: [] });

    await put(one.agent, "step 2");
    for (let repeat = 0; repeat < 2; repeat += 1) expect((await keep(one.agent, first, [file("deep/step", "step 2")], { final: true })).status).toBe(200);
    await one.agent.sync({ known: [first.id], reports: [report(first, { state: "exited", seq: 4, exit: exit(), drained: true })] });
    for (let repeat = 0; repeat < 2; repeat += 1) expect((await ask(two.agent, second)).body).toMatchObject({ ready: true, attemptNumber: 1, files: [file("deep/step", "step 2")] });
    expect(await get(two.agent, "step 2")).toEqual({ status: 200, body: "step 2" });
    expect((await get(two.agent, "step 1")).status).toBe(404); // replaced: no part of the checkpoint any more
    expect(await told(run.id)).toEqual([
      ["checkpoint.awaited", "Waits until attempt 1 has sent its checkpoint."],
      ["checkpoint.stored", "Its checkpoint is kept outside of the cluster: 1 file, 6 B."],
      ["checkpoint.restored", "Goes on from the checkpoint of attempt 1: 1 file, 6 B."],
    ]);
  });

  it("is waited for also where an attempt in between never started", async () => {
    const run = await plane.makeRun();
    const first = await place(plane, run, one.cluster.id);
    await put(one.agent, "step 1");
    await keep(one.agent, first, [file("step", "step 1")]);
    await failed(one.agent, first, false);
    const second = await again(run, two.cluster.id);
    await two.agent.sync({ known: [second.id], reports: [report(second, { state: "refused", seq: 1, startedAt: null })] });
    const third = await again(run, two.cluster.id);
    expect((await ask(two.agent, third)).body).toMatchObject({ ready: false, files: [] });
    expect(await told(run.id)).toEqual([["checkpoint.awaited", "Waits until attempt 1 has sent its checkpoint."]]);
  });

  it("goes along with a run that somebody moves to another cluster by name", async () => {
    const run = await plane.makeRun();
    const first = await place(plane, run, one.cluster.id);
    await put(one.agent, "step 1");
    await keep(one.agent, first, [file("step", "step 1")], { final: true });
    await failed(one.agent, first, true);
    await plane.sql`update runs set spec = spec || jsonb_build_object('cluster', ${two.cluster.slug}::text) where id = ${run.id}`;
    const second = await again(run, two.cluster.id);
    expect((await specOf(two.agent, second))?.checkpointSync).toEqual({ everySeconds: 600, from: { attemptNumber: 1 } });
    expect((await ask(two.agent, second)).body).toMatchObject({ ready: true, attemptNumber: 1, files: [file("step", "step 1")] });
  });

  it("is not asked for by an attempt on the same cluster, nor kept for a run that is bound to one", async () => {
    const run = await plane.makeRun();
    await failed(one.agent, await place(plane, run, one.cluster.id), true);
    expect((await specOf(one.agent, await again(run, one.cluster.id)))?.checkpointSync).toEqual({ everySeconds: 600, from: null });
    const bound = await place(plane, await plane.makeRun({ cluster: "c1" }), one.cluster.id);
    expect((await specOf(one.agent, bound))?.checkpointSync).toBeUndefined();
    const off = await place(plane, await plane.makeRun({ checkpoint: { enabled: false } }), one.cluster.id);
    expect((await specOf(one.agent, off))?.checkpointSync).toBeUndefined();
  });

  it("never goes back to an older attempt's, and is refused of one that was given up", async () => {
    const run = await plane.makeRun();
    const first = await place(plane, run, one.cluster.id);
    await failed(one.agent, first, true);
    const second = await again(run, two.cluster.id);
    for (const text of ["old", "new"]) await put(two.agent, text);
    await keep(two.agent, second, [file("step", "new")]);
    expect((await keep(one.agent, first, [file("step", "old")], { final: true })).status).toBe(200); // heard, and not put in its place
    await failed(two.agent, second, true);
    const third = await again(run, one.cluster.id);
    expect((await ask(one.agent, third)).body).toMatchObject({ ready: true, attemptNumber: 2, files: [file("step", "new")] });
    expect(await keep(one.agent, third, [], { fence: "1" })).toMatchObject({ status: 409, body: { error: "stale_fence" } });
    expect(await keep(two.agent, third, [])).toMatchObject({ status: 409 }); // another cluster's attempt
    expect(await ask(two.agent, third)).toMatchObject({ status: 409 });
  });

  it("is not waited for where its cluster is out of reach, or nothing was ever kept: the timeline says which", async () => {
    const run = await plane.makeRun();
    await failed(one.agent, await place(plane, run, one.cluster.id), false);
    const second = await again(run, two.cluster.id);
    await expect.poll(async () => {
      await plane.sql`update agents set unreachable_since = now() where cluster_id = ${one.cluster.id}`; // that it was heard a moment ago may be written down only now
      return (await ask(two.agent, second)).body;
    }, { timeout: 10_000 }).toMatchObject({ ready: true, attemptNumber: null, files: [] });
    expect((await told(run.id)).map(([kind]) => kind)).toEqual(["checkpoint.missing"]);
    await plane.sql`update agents set unreachable_since = null where cluster_id = ${one.cluster.id}`;
  });

  it("names the file that is wrong", async () => {
    const attempt = await place(plane, await plane.makeRun(), one.cluster.id);
    await put(one.agent, "here");
    expect(await keep(one.agent, attempt, [file("a", "here"), file("b", "never sent")])).toMatchObject({ status: 400, body: { field: "files.1.sha256" } });
    expect(await keep(one.agent, attempt, [file("../a", "here")])).toMatchObject({ status: 400, body: { field: "files.0.path" } });
    expect(await keep(one.agent, attempt, [file("a", "here"), file("a", "here")])).toMatchObject({ status: 400, body: { field: "files.1.path" } });
  });
});
