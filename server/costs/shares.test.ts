import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../agent/drivers/contract.ts";
import { AgentProcess } from "../../agent/testing/agent-process.ts";
import type { FakeServer } from "../../agent/testing/fake-server.ts";
import { attempts, runs } from "../../db/schema/experiments.ts";
import { priceLines } from "../../db/schema/costs.ts";
import { add, compare, decimal, sum, ZERO } from "../../domain/costs/decimal.ts";
import type { FoundPrice } from "../../domain/costs/price-book.ts";
import { costOfHolding } from "../../domain/costs/rating.ts";
import { DEFAULT_POLICY } from "../../domain/queue/policy.ts";
import { placeOrg } from "../agents/jobs/placement.ts";
import { testPlane, type TestPlane } from "../agents/testing.ts";
import { chargeUsage } from "../queue/commands/usage.ts";
import { loadShares } from "../queue/queries/policy.ts";
import { postDirtyHours } from "./commands/posting.ts";

/** Stands in for NVIDIA's, which needs such a GPU. */
const SMI = `#!/bin/sh
case "$1" in
  *mig.mode.current*) echo "0, [N/A]" ;;
  --query-gpu=index,uuid,name*) echo "0, GPU-0, NVIDIA A100-SXM4-80GB, 81920, 00000000:1B:00.0, 1, 1, 40, 100" ;;
  --query-gpu=*) echo "0, 0, No, No" ;;
esac
`;
const PRICE = decimal("4.20");

describe("a GPU that a real agent gives in three shares", () => {
  let plane: TestPlane;
  let agent: AgentProcess;
  let folder: string;
  beforeAll(async () => {
    plane = await testPlane();
    folder = await mkdtemp(path.join(tmpdir(), "drover-shares-"));
    await writeFile(path.join(folder, "nvidia-smi"), SMI, { mode: 0o755 });
    const cluster = await plane.makeCluster();
    agent = new AgentProcess(path.join(folder, "state"), { url: plane.url } as FakeServer);
    await agent.verb(["enrol", "--url", plane.url, "--code", await plane.makeCode(cluster.id)]);
    const policy = path.join(agent.state, "policy.json");
    await writeFile(policy, JSON.stringify({ ...(JSON.parse(await readFile(policy, "utf8")) as object), shared: [{ gpu: "a100", shares: 3, by: "time-slice" }] }));
    await plane.db.insert(priceLines).values({ orgId: plane.orgId, version: 0, kind: "accelerator", model: "a100", validFrom: new Date(0), unitPrice: "4.20", createdBy: "usr_x" });
    agent.start({ PATH: `${folder}:${process.env.PATH}` });
    await until("its GPU to be known", async () => (await plane.sql`select 1 from accelerators where present`).length === 3, 100);
  }, 150_000);
  afterAll(async () => {
    await agent?.kill();
    await plane?.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  });

  const statusOf = async (id: string) => (await plane.db.select().from(runs).where(eq(runs.id, id)))[0]!;

  it("runs a run on each at once, lets a fourth wait, and charges each for its part, and nobody's part to nobody: all of it the GPU's cost, to the last digit", async () => {
    const asked = () => plane.makeRun({ command: `until [ -e ${path.join(folder, "go")} ]; do sleep 0.1; done`, resources: { gpus: 1, gpuModel: "a100.shared", cpus: 0.1, memory: 16 } });
    const mine = [await asked(), await asked(), await asked()];
    const fourth = await asked();
    await placeOrg(plane, plane.orgId);
    await until("three to run", async () => (await Promise.all(mine.map(({ id }) => statusOf(id)))).every(({ status }) => status === "running"), 60);
    expect(await statusOf(fourth.id)).toMatchObject({ status: "queued", pending: { kind: "busy" } });
    const held = await plane.db.select({ indexes: attempts.acceleratorIndexes, milli: attempts.acceleratorMilli }).from(attempts).orderBy(attempts.id);
    expect([held.flatMap(({ indexes }) => indexes).toSorted(), held.map(({ milli }) => milli).toSorted()]).toEqual([[100, 101, 102], [333, 333, 334]]);
    await writeFile(path.join(folder, "go"), "");
    await until("three to be over", async () => (await Promise.all(mine.map(({ id }) => statusOf(id)))).every(({ status }) => status === "succeeded"), 60);
    await placeOrg(plane, plane.orgId);
    await until("the fourth to have its turn", async () => (await statusOf(fourth.id)).status === "succeeded", 60);
    await until("all to be metered", async () => (await plane.sql`select 1 from usage_meters where closed_at is not null`).length === 4, 60);
    await agent.kill();

    await plane.sql`update usage_intervals set from_at = from_at - interval '3 hours', until_at = until_at - interval '3 hours'`; // to hours that are over
    const spans = await plane.sql<{ attempt_id: string; device: string; model: string; milli: number; from: number; to: number }[]>`
      select attempt_id, device, model, milli, (extract(epoch from from_at) * 1000)::float8 as from, (extract(epoch from until_at) * 1000)::float8 as to from usage_intervals where kind = 'accelerator' order by device`;
    expect(spans.map(({ device, model, milli }) => [device, model, milli])).toEqual([["GPU-0::0", "NVIDIA A100-SXM4-80GB", 334], ["GPU-0::0", "NVIDIA A100-SXM4-80GB", 334], ["GPU-0::1", "NVIDIA A100-SXM4-80GB", 333], ["GPU-0::2", "NVIDIA A100-SXM4-80GB", 333]]);
    const hour = 3_600_000;
    const since = Math.floor(Math.min(...spans.map(({ from }) => from)) / hour) * hour;
    await plane.sql`update capacity_intervals set from_at = ${new Date(since)}, until_at = ${new Date(since + 2 * hour)} where kind = 'accelerator'`; // whole hours of it
    expect([...(await plane.sql`select model, milli from capacity_intervals where kind = 'accelerator'`)]).toEqual([{ model: "NVIDIA A100-SXM4-80GB", milli: 1000 }]);
    await plane.sql`update cost_clocks set complete_to = now()`;
    await plane.sql`insert into dirty_hours (org_id, cluster_id, node, kind, model, hour) select org_id, cluster_id, node, kind, model, h from capacity_intervals, unnest(${[new Date(since).toISOString(), new Date(since + hour).toISOString()]}::timestamptz[]) h where kind = 'accelerator' on conflict do nothing`;
    while ((await postDirtyHours(plane, Date.now())).hours > 0);

    const entries = await plane.sql<{ attempt_id: string | null; account: string; amount: string }[]>`select attempt_id, account, amount::text from ledger_entries where kind = 'accelerator' and line > 0`;
    const charged = (attemptId: string) => sum(entries.filter((one) => one.attempt_id === attemptId).map(({ amount }) => decimal(amount)));
    for (const { attempt_id, ...span } of spans) expect(compare(charged(attempt_id), costOfHolding(span, [{ from: -Infinity, to: Infinity, price: { id: "", unitPrice: PRICE } as FoundPrice }]))).toBe(0);
    expect(compare(sum(entries.map(({ amount }) => decimal(amount))), add(PRICE, PRICE))).toBe(0); // two hours of one GPU
    expect(entries.filter(({ account }) => account.startsWith("idle:")).every(({ amount }) => compare(decimal(amount), ZERO) > 0)).toBe(true);

    for (const which of ["ended", "running"] as const) await plane.db.transaction((tx) => chargeUsage(tx, plane.orgId, DEFAULT_POLICY, which));
    const lengths = await plane.sql<{ seconds: number }[]>`select extract(epoch from ended_at - started_at)::float8 as seconds from attempts`;
    const all = lengths.reduce((total, { seconds }) => total + seconds, 0);
    expect((await loadShares(plane.db, plane.orgId, DEFAULT_POLICY)).get(plane.project.teamId)!.used).toBeCloseTo(all / 3, 0); // a third of a GPU each
  }, 240_000);
});
