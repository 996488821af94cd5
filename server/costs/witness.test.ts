import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AccountedPart, Witness } from "../../agent/protocol/messages.ts";
import { HOUR_MS } from "../../domain/costs/metering.ts";
import { ingestUsage } from "./commands/usage-ingest.ts";
import { ingestWitness } from "./commands/witness-ingest.ts";
import { type MeteredWorld, meteredWorld } from "./testing.ts";

let world: MeteredWorld;
let honest: string;
let short: string;
beforeAll(async () => {
  world = await meteredWorld();
  honest = await world.ran(world.vision.id, world.start, HOUR_MS + 7);
  short = await world.ran(world.vision.id, world.start, HOUR_MS);
  await world.book();
});
afterAll(() => world.close());

const part = (heldSeconds: number, more: Partial<AccountedPart> = {}): AccountedPart => ({ job: "42", state: "COMPLETED", nodes: "node-1", nodeCount: 1, startedAt: world.start, endedAt: world.start + heldSeconds * 1000, heldSeconds, suspendedSeconds: 0, cpus: 2, memoryMib: 1024, gpus: 0, ...more });
const tell = (attempts: Witness["attempts"], more: Partial<Witness> = {}) => ingestWitness(world.sql, { orgId: world.org.id, clusterId: world.cluster.id }, { source: "slurm", trouble: null, attempts, ...more });
const counted = () => world.sql`select attempt_id, kind, milli, from_at, until_at, evidence from usage_intervals order by id`;
const ledger = () => world.sql`select count(*)::int as n, sum(amount)::text as amount from ledger_entries`;

describe("a scheduler's accounting as a second witness", () => {
  it("opens a review where it differs from what is counted, and changes nothing of that", async () => {
    const before = [await counted(), await ledger()];
    const reply = await tell([{ attemptId: honest, parts: [part(3601)] }, { attemptId: short, parts: [part(7200)] }, { attemptId: "att_none", parts: [] }]);
    expect([reply.taken.sort(), reply.unknown, reply.changes]).toEqual([[honest, short].sort(), ["att_none"], [{ orgId: world.org.id, topic: "costs", id: world.org.id }]]);
    expect([await counted(), await ledger()]).toEqual(before);
    expect((await tell([{ attemptId: short, parts: [part(60)] }])).changes).toEqual([]); // what came first stands
    const { rows, witnesses, currency } = await world.owner.api.costs.reviews({});
    expect(rows).toMatchObject([{ cluster: "berlin", attempt: 1, resolvedAt: null, message: "Slurm's accounting of job 42 (COMPLETED) has 2 CPU-hours more, 1 GiB-hours more than is counted." }]);
    expect(Math.abs(rows[0]!.openedAt.getTime() - Date.now())).toBeLessThan(60_000);
    expect(rows[0]!.lines).toEqual([
      { kind: "accelerator", counted: "0", witnessed: "0", difference: "0", agrees: true, amount: null },
      { kind: "cpu", counted: "7200", witnessed: "14400", difference: "-7200", agrees: false, amount: "-2" },
      { kind: "memory", counted: "3600", witnessed: "7200", difference: "-3600", agrees: false, amount: "0" },
    ]);
    expect([currency, witnesses]).toMatchObject(["USD", [{ cluster: "berlin", source: "slurm", trouble: null, agreed: 1, differed: 1 }]]);
  });

  it("counts shards of GPUs as their part of one, and says nothing of them where it keeps none", async () => {
    const run = await world.makeRun({ projectId: world.vision.id, gpus: 2 });
    const holds = [{ node: "node-1", accelerators: [], gpus: 2, cpus: 2, memoryMib: 1024, parts: [{ model: "H100", milli: 500 }] }];
    const attempts = [];
    for (const number of [1, 2]) {
      const attempt = await world.makeAttempt(run, world.cluster.id, { number, status: "ended", gpus: 2, acceleratorMilli: 500 });
      const events = [{ kind: "open" as const, at: world.start, holds }, { kind: "close" as const, at: world.start + HOUR_MS, lifeMs: HOUR_MS, evidence: "measured" as const }];
      await ingestUsage(world.sql, { orgId: world.org.id, clusterId: world.cluster.id }, { hostAheadMs: 0, attempts: [{ attemptId: attempt.id, fence: String(attempt.fence), from: 0, events, aliveAt: null }] }, Date.now());
      attempts.push({ attemptId: attempt.id, parts: [part(3600, number === 1 ? { shares: 2 } : {})] });
    }
    expect((await tell(attempts)).changes).toEqual([]);
    expect([...(await world.sql`select agrees from usage_witnesses where attempt_id = any(${attempts.map(({ attemptId }) => attemptId)})`)]).toEqual([{ agrees: true }, { agrees: true }]);
  });

  it("is in the way of the close of the month in which the usage was, whenever it was heard", async () => {
    expect((await world.owner.api.costs.period({ period: world.last })).checks.find(({ name }) => name === "No claims contradict each other")).toMatchObject({ ok: false, problem: expect.stringContaining("1 contradiction") });
  });

  it("is seen by who reaches the project, and resolved by who manages costs, with a note and an audit entry", async () => {
    const [review] = (await world.owner.api.costs.reviews({})).rows;
    const [near, far] = [await world.makeUser(world.org.id, world.org.slug, "Vic", [["member", "project", world.vision.id]]), await world.makeUser(world.org.id, world.org.slug, "Sam", [["member", "project", world.speech.id]])];
    expect((await near.api.costs.reviews({})).rows.map(({ id }) => id)).toEqual([review!.id]);
    expect(await far.api.costs.reviews({})).toMatchObject({ rows: [], witnesses: [] });
    const said = { ids: [review!.id], note: "The agent's host was restored from a snapshot; Slurm is right." };
    await expect(near.api.costs.resolveReviews(said)).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(world.owner.api.costs.resolveReviews({ ...said, note: "  " })).rejects.toThrow("Say what you found");
    const before = [await counted(), await ledger()];
    await world.second.api.costs.resolveReviews(said);
    expect([await counted(), await ledger()]).toEqual(before);
    await expect(world.owner.api.costs.resolveReviews(said)).rejects.toThrow("Bea Billing resolved");
    expect((await world.owner.api.costs.reviews({})).rows).toEqual([]);
    expect((await world.owner.api.costs.reviews({ state: "resolved" })).rows).toMatchObject([{ id: review!.id, resolvedBy: "Bea Billing", note: said.note }]);
    const entries = await world.sql`select action, target_id, after from audit_log where action = 'usage-review.resolve'`;
    expect([...entries]).toEqual([{ action: "usage-review.resolve", target_id: review!.id, after: { note: said.note } }]);
    expect((await world.owner.api.costs.period({ period: world.last })).checks.find(({ name }) => name === "No claims contradict each other")).toMatchObject({ ok: true });
  });

  it("that cannot be asked is named as such, and nothing is made up", async () => {
    const silent = await world.ran(world.vision.id, world.start, HOUR_MS);
    expect(await tell([], { trouble: "This Slurm keeps no accounting." })).toEqual({ taken: [], unknown: [], changes: [] });
    const { rows, witnesses } = await world.owner.api.costs.reviews({});
    expect([rows, witnesses]).toMatchObject([[], [{ trouble: "This Slurm keeps no accounting.", agreed: 3, differed: 1 }]]);
    expect(await world.sql`select 1 from usage_witnesses where attempt_id = ${silent}`).toHaveLength(0);
  });
});
