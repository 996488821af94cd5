import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TAKE_SECONDS } from "../../../domain/agents/untaken.ts";
import { place, report, testPlane, type TestPlane } from "../testing.ts";
import { withdrawUntaken } from "./untaken.ts";

let plane: TestPlane;
beforeAll(async () => {
  plane = await testPlane();
});
afterAll(() => plane.close());

const runRow = async (id: string) => (await plane.sql`select * from runs where id = ${id}`)[0]!;
const attemptsOf = (runId: string) => plane.sql`select * from attempts where run_id = ${runId} order by number`;

describe("an attempt that its agent never takes", () => {
  /** Offered for so many seconds to an agent that speaks all the while. */
  async function offered(seconds: number, spec: Parameters<TestPlane["makeRun"]>[0] = {}) {
    const { agent, cluster } = await plane.makeAgent();
    const run = await plane.makeRun(spec);
    const attempt = await place(plane, run, cluster.id);
    await agent.sync();
    await plane.connector.presence.flush();
    await plane.sql`update attempts set assigned_at = now() - make_interval(secs => ${seconds}) where id = ${attempt.id}`;
    await plane.sql`update agents set contact_since = now() - interval '1 hour' where id = ${agent.id}`;
    await plane.sql`update server_beats set since = now() - interval '1 day', beat_at = now()`;
    return { agent, cluster, run, attempt };
  }

  it("is withdrawn, ends with the agent's next word as the platform's failure, and is tried again as its policy says", async () => {
    const it = await offered(TAKE_SECONDS + 1, { retry: { max: 1, on: ["platform"] } });
    await withdrawUntaken(plane);
    expect(await attemptsOf(it.run.id)).toMatchObject([{ status: "assigned", stop_reason: "untaken" }]); // nothing is proven yet
    expect(await runRow(it.run.id)).toMatchObject({ status: "starting" });
    await it.agent.sync();
    expect(await attemptsOf(it.run.id)).toMatchObject([{ status: "ended", outcome: "failed", failure_class: "platform", drained_at: expect.any(Date), evidence: { detail: expect.stringContaining("Offered to the agent on box from") } }]);
    expect(await runRow(it.run.id)).toMatchObject({ status: "queued", retries_used: 1 });
    const kinds = await plane.sql`select kind, message from run_events where run_id = ${it.run.id} order by at, id`;
    expect(kinds.map(({ kind }) => kind)).toEqual(["attempt.withdrawn", "attempt.ended", "run.requeued"]);
    expect(kinds[0]!.message).toMatch(/was in contact for 12\d s and never took the run/);
  });
  it("ends the run where its policy does not cover it", async () => {
    const it = await offered(TAKE_SECONDS + 1);
    await withdrawUntaken(plane);
    await it.agent.sync();
    expect(await runRow(it.run.id)).toMatchObject({ status: "failed", failure_class: "platform", evidence: { detail: expect.stringContaining("reported nothing of this attempt") } });
  });
  it("is left alone before its time, once taken, and while its agent is silent or only just back", async () => {
    const early = await offered(TAKE_SECONDS - 5);
    const taken = await offered(TAKE_SECONDS + 1);
    await taken.agent.sync({ known: [taken.attempt.id], reports: [report(taken.attempt, { state: "accepted", seq: 1 })] });
    const silent = await offered(TAKE_SECONDS + 1);
    await plane.sql`update agents set last_seen_at = now() - interval '10 minutes' where id = ${silent.agent.id}`;
    const back = await offered(TAKE_SECONDS + 1);
    await plane.sql`update agents set unreachable_since = now() - interval '5 minutes' where id = ${back.agent.id}`;
    await back.agent.sync();
    await plane.connector.presence.flush();
    await withdrawUntaken(plane);
    for (const { run } of [early, taken, silent, back]) expect(await attemptsOf(run.id)).toMatchObject([{ stop_reason: null, stop_requested_at: null }]);
  });
  it("is the platform's failure too when the agent takes it at the last moment and obeys", async () => {
    const it = await offered(TAKE_SECONDS + 1);
    await withdrawUntaken(plane);
    const exit = { at: Date.now(), code: null, signal: "SIGTERM", cause: "stopped" as const, detail: "Stopped: untaken.", lastLines: [], peakMemoryMib: null };
    await it.agent.sync({ known: [it.attempt.id], reports: [report(it.attempt, { state: "exited", seq: 3, exit })] });
    expect(await runRow(it.run.id)).toMatchObject({ status: "failed", failure_class: "platform", status_reason: expect.stringContaining("only after it had been withdrawn") });
  });
});
