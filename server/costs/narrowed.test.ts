import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { add, compare, decimal, sum } from "../../domain/costs/decimal.ts";
import { HOUR_MS } from "../../domain/costs/metering.ts";
import { SPEND_BY, type SpendBy, WITHOUT_TAG } from "../../domain/costs/spend-by.ts";
import { isOfLedger, narrowedBy, type SpendWhere, whereOf } from "../../domain/costs/spend-filter.ts";
import { sumRunDays } from "./jobs/sum-run-days.ts";
import { nameFacets, recordServed } from "./commands/served.ts";
import { ingestOutside } from "./commands/outside-ingest.ts";
import { costRows } from "./queries/export.ts";
import { asEmbed } from "./queries/embeds.ts";
import { wholeOrg } from "./queries/report.ts";
import { readSpend } from "./queries/spend.ts";
import { meteredWorld, type MeteredWorld } from "./testing.ts";

let world: MeteredWorld;
let range: { from: string; to: string };
const day = (at: number) => new Date(at).toISOString().slice(0, 10);

beforeAll(async () => {
  world = await meteredWorld();
  range = { from: day(world.start), to: day(world.start + 10 * HOUR_MS - 1) };
  const tokyo = await world.reserved();
  await world.owner.api.costs.addPrice({ kind: "accelerator", unitPrice: "4.25", validFrom: "2020-01-01T00:00:00Z" });
  await world.owner.api.costs.addPrice({ kind: "memory", unitPrice: "0.0625", validFrom: "2020-01-01T00:00:00Z" });
  const owners = [world.owner.id, world.second.id];
  for (let n = 0; n < 8; n += 1) {
    const attempt = await world.ran(n % 3 === 0 ? world.speech.id : world.vision.id, world.start + n * HOUR_MS, HOUR_MS + n * 60_000, n % 2 === 0 ? undefined : { id: tokyo.id, accelerators: n < 4 ? ["GPU-0"] : [] });
    const [run] = await world.sql<{ id: string }[]>`update runs set owner_id = ${owners[n % 2]!}, status = ${n % 4 === 0 ? "failed" : "succeeded"} where id = (select run_id from attempts where id = ${attempt}) returning id`;
    if (n % 3 !== 1) await world.sql`insert into run_tags (run_id, key, value) values (${run!.id}, 'data', ${n % 3 === 0 ? "a" : "b=c"}), (${run!.id}, 'mlflow.user', ${`u${n}`})`;
  }
  await besides();
  await world.book();
});
afterAll(() => world.close());

/** What is no run's: jobs from outside, one of them of an account that a project pays for; what an endpoint serves; files. */
async function besides(): Promise<void> {
  const { sql, start, owner, org, cluster, vision, speech } = world;
  for (const [kind, unitPrice] of [["storage", "2.5"], ["request", "0.2"]] as const) await owner.api.costs.addPrice({ kind, unitPrice, validFrom: "2020-01-01T00:00:00Z" });
  await sql`insert into outside_clocks (cluster_id, org_id, since, told_to) values (${cluster.id}, ${org.id}, ${new Date(start)}, ${new Date(start)})`;
  await owner.api.costs.nameAccount({ clusterId: cluster.id, account: "physics", projectId: speech.id });
  const job = { name: "md", nodes: ["node-1"], isAlive: false, memoryMib: 0, gpus: 0, shares: 0, startedAt: start, endedAt: start + HOUR_MS };
  await ingestOutside(sql, { orgId: org.id, clusterId: cluster.id }, { source: "slurm", from: start, to: start + 2 * HOUR_MS, jobs: [{ ...job, job: "41", user: "eve", account: "physics", cpus: 2 }, { ...job, job: "42", user: "mal", account: "", cpus: 1 }] }, Date.now());
  await recordServed(sql, { orgId: org.id, clusterId: cluster.id, projectId: vision.id, ownerId: owner.id, endpointId: "chat", releaseId: "chat-v2", pipelineId: null, counter: "replica-1" }, { key: "m1", from: start, until: start + 60_000, counts: [{ kind: "request", model: "", count: 1_234n }] });
  await sql`insert into stored_intervals (id, org_id, project_id, what, bytes, from_at, until_at, evidence) values ('sti_1', ${org.id}, ${vision.id}, 'artifacts', ${String(1n << 40n)}, ${new Date(start)}, ${new Date(start + HOUR_MS)}, 'measured')`;
  await sql`insert into dirty_hours (org_id, cluster_id, node, kind, model, hour) values (${org.id}, ${org.id}, 'artifacts', 'storage', '', ${new Date(start)})`;
  const attempts = await sql<{ id: string }[]>`select id from attempts order by id limit 3`;
  for (const [at, { id }] of attempts.entries()) await sql.begin((tx) => nameFacets(tx, id, { sweep: at === 0 ? "depth" : "width", ...(at === 2 ? { pipeline: "nightly" } : {}) }));
}

const slugOf = (id: string) => [world.vision, world.speech].find((one) => one.id === id)?.slug;
const split = ({ project, ...where }: SpendWhere) => ({ ...(project ? { project } : {}), where });
const spend = (by: SpendBy, where: SpendWhere) => world.owner.api.costs.spend({ ...range, by, ...(by === "tag" ? { tag: "data" } : {}), ...split(where) });

/** What the ledger itself has of it, or of what runs held of it. */
async function booked(where: SpendWhere, isOfRuns = false): Promise<string> {
  const { sql } = world;
  const tag = where.tag;
  const [row] = await sql<{ amount: string }[]>`
    select coalesce(sum(l.amount), 0)::text as amount from ledger_entries l left join runs r on r.id = l.run_id left join projects p on p.id = l.project_id left join run_tags t on t.run_id = r.id and t.key = ${tag?.key ?? ""}
    where l.line > 0 and l.hour >= ${`${range.from}T00:00:00Z`} and l.hour < ${`${range.to}T00:00:00Z`}::timestamptz + interval '1 day' and l.org_id = ${world.org.id}
      and (${where.team ?? null}::text is null or coalesce(p.team_id, l.project_id, 'idle') = ${where.team ?? null}) and (${where.project ?? null}::text is null or p.slug = ${where.project ?? null})
      and (${where.person ?? null}::text is null or l.owner_id = ${where.person ?? null}) and (${where.experiment ?? null}::text is null or l.experiment_id = ${where.experiment ?? null})
      and (${where.cluster ?? null}::text is null or l.cluster_id = ${where.cluster ?? null}) and (${where.kind ?? null}::text is null or l.kind || ' ' || l.model = ${where.kind ?? null}) and (${where.class ?? null}::text is null or l.capacity_class = ${where.class ?? null})
      and (${where.source ?? null}::text is null or l.project_id is not null and case when l.project_id like 'outside:%' or l.owner_id like 'outside:%' then 'outside' else 'drover' end = ${where.source ?? null})
      and (${where.sweep ?? null}::text is null or l.sweep_id = ${where.sweep ?? null}) and (${where.endpoint ?? null}::text is null or l.endpoint_id = ${where.endpoint ?? null}) and (${where.release ?? null}::text is null or l.release_id = ${where.release ?? null}) and (${where.pipeline ?? null}::text is null or l.pipeline_id = ${where.pipeline ?? null})
      and (not ${isOfRuns} or r.id is not null) and (${where.outcome ?? null}::text is null or r.status = ${where.outcome ?? null}) and (${tag?.value ?? null}::text is null or r.id is not null and coalesce('=' || t.value, ${WITHOUT_TAG}) = ${tag?.value ?? null})`;
  return row!.amount;
}

/** What each dimension's groups narrow it to. */
async function filters(within: SpendWhere = {}): Promise<SpendWhere[]> {
  const found: SpendWhere[] = [];
  for (const by of SPEND_BY) {
    if (within[by] !== undefined) continue;
    for (const { key } of (await spend(by, within)).groups) {
      const more = whereOf(by, key, "data", slugOf);
      if (more && !narrowedBy(more).some((one) => within[one] !== undefined)) found.push({ ...within, ...more });
    }
  }
  return found;
}

describe("spend that is narrowed", () => {
  it("is by every dimension what its group said, and what the ledger has, before and after its days are summed", async () => {
    for (const isSummed of [false, true]) {
      if (isSummed) await sumRunDays(world.sql);
      for (const by of SPEND_BY) {
        for (const { key, amount } of (await spend(by, {})).groups) {
          const where = whereOf(by, key, "data", slugOf)!;
          const narrowed = await spend("project", where);
          if (key !== "") expect([by, key, compare(decimal(narrowed.amount), decimal(amount))]).toEqual([by, key, 0]);
          expect([by, key, compare(decimal(narrowed.amount), decimal(await booked(where)))]).toEqual([by, key, 0]);
        }
      }
    }
  });

  it("composes: whatever is told apart within whatever pair of filters adds up to what the ledger has of both", async () => {
    let looked = 0;
    for (const first of await filters()) {
      for (const where of await filters(first)) {
        const [amount, ofRuns] = [decimal(await booked(where)), decimal(await booked(where, true))];
        for (const by of ["project", "person", "kind", "outcome"] as const) {
          const view = await spend(by, where);
          expect([by, where, compare(decimal(view.amount), by === "outcome" ? ofRuns : amount)]).toEqual([by, where, 0]);
          expect(compare(sum(view.groups.map((one) => decimal(one.amount))), decimal(view.amount))).toBe(0);
          looked += 1;
        }
      }
    }
    expect(looked).toBeGreaterThan(400);
  }, 120_000);

  it("is the same in the file of it, and in the runs that it is of", async () => {
    for (const where of [{ person: world.second.id }, { outcome: "failed" }, { cluster: world.cluster.id, outcome: "succeeded" }, { tag: { key: "data", value: "=b=c" } }, { kind: "accelerator h100" }, { class: "reserved", person: world.second.id }, { source: "outside" }, { team: "outside:" }, { source: "drover", kind: "cpu " }, { sweep: "width" }, { sweep: "width", person: world.second.id }, { endpoint: "chat" }] as SpendWhere[]) {
      const amount = decimal((await spend("kind", where)).amount);
      let all = decimal("0");
      for await (const rows of costRows(wholeOrg(world.db, world.org.id), { ...range, ...split(where) })) for (const row of rows) all = add(all, decimal(row.amount));
      expect([where, compare(all, amount)]).toEqual([where, 0]);
      const { items } = await world.owner.api.costs.runs({ ...range, ...split(where), limit: 200 });
      const ofRuns = sum(items.map((one) => decimal(one.amount)));
      expect([where, compare(ofRuns, decimal(await booked(where, true)))]).toEqual([where, 0]);
    }
  });

  it("says what each filter is called, but nothing of what the caller has no costs of", async () => {
    const view = await spend("kind", { team: (await spend("team", {})).groups.find(({ key }) => key !== "")!.key, project: "vision", person: world.second.id, tag: { key: "data", value: "=a" }, outcome: "failed" });
    expect(view.narrowed).toEqual([{ by: "team", label: expect.any(String) as string }, { by: "project", label: "vision" }, { by: "person", label: "Bea Billing" }, { by: "outcome", label: "Failed" }, { by: "tag", label: "data: a" }]);
    const other = await world.makeUser(world.org.id, world.org.slug, "Vic", [["viewer", "project", world.speech.id]]);
    const [ofVision] = (await spend("experiment", { project: "vision" })).groups;
    const blind = await other.api.costs.spend({ ...range, by: "project", where: { experiment: ofVision!.key } });
    expect(blind).toMatchObject({ amount: "0", groups: [], narrowed: [{ by: "experiment", label: ofVision!.key }] });
    expect((await other.api.costs.spend({ ...range, by: "cluster", where: { team: "idle" } })).amount).toBe("0");
  });

  it("is read by other sites through the same path", async () => {
    const look = { orgId: world.org.id, clientId: "ecl_1", viewer: "v", report: { id: "erp_1", title: "t", by: "project" as const, ...range }, projectIds: null, ceiling: null, capabilities: [] };
    for (const where of [{ cluster: world.cluster.id }, { class: "reserved" }, { cluster: world.cluster.id, kind: "cpu " }] as SpendWhere[]) {
      const amount = await booked(where);
      const seen = await asEmbed(world.db, { ...look, minGroup: null }, (reader) => readSpend(reader, { ...range, by: "project", where }));
      expect([where, compare(decimal(seen.amount), decimal(amount))]).toEqual([where, 0]);
    }
  });

  it("asks the ledger for so many days only", async () => {
    expect(isOfLedger("cluster", { outcome: "failed" })).toBe(true);
    expect(isOfLedger("project", { outcome: "failed", person: "usr" })).toBe(false);
    expect([isOfLedger("sweep", {}), isOfLedger("project", { sweep: "width" }), isOfLedger("person", { sweep: "width" })]).toEqual([false, false, true]);
    await expect(world.owner.api.costs.spend({ from: "2025-01-01", to: "2025-12-01", by: "cluster", where: { outcome: "failed" } })).rejects.toThrow("at most 92 days");
  });
});
