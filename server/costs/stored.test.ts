import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addedUp } from "../../domain/costs/decimal.ts";
import { HOUR_MS } from "../../domain/costs/metering.ts";
import { lookAtStores } from "./commands/stored.ts";
import { splitDays } from "./jobs/split-days.ts";
import { type MeteredWorld, meteredWorld } from "./testing.ts";

/** So many that an hour of them is a GiB-month. */
const GIB_MONTH = 1461n * (1n << 29n);
let world: MeteredWorld;
let day: string;
beforeAll(async () => {
  world = await meteredWorld();
  day = new Date(world.start).toISOString().slice(0, 10);
  const runs = [await world.makeRun({ projectId: world.vision.id }), await world.makeRun({ projectId: world.vision.id }), await world.makeRun({ projectId: world.speech.id })];
  await keep("same", GIB_MONTH, runs.map(({ id }) => id));
  await keep("own", GIB_MONTH * 2n, [runs[2]!.id]);
});
afterAll(() => world.close());

/** One object, and a file of each of these runs that is it. */
async function keep(name: string, bytes: bigint, runIds: string[]): Promise<void> {
  await world.sql`insert into objects (org_id, sha256, bytes, kind) values (${world.org.id}, ${name}, ${String(bytes)}::bigint, 'artifact')`;
  for (const runId of runIds) await world.sql`insert into artifacts (id, org_id, run_id, path, sha256, bytes, content_type) values (${`art_${name}_${runId}`}, ${world.org.id}, ${runId}, ${name}, ${name}, ${String(bytes)}::bigint, 'text/plain')`;
}
const look = (hours: number) => lookAtStores(world.sql, world.start + hours * HOUR_MS);
const price = (unitPrice: string) => world.owner.api.costs.addPrice({ kind: "storage", unitPrice, validFrom: "2020-01-01T00:00:00Z" });
async function ledger(): Promise<string[]> {
  const rows = await world.sql<{ at: number; who: string; amount: string; hours: string; evidence: string }[]>`
    select (extract(epoch from hour - ${new Date(world.start)}) / 3600)::int as at, p.slug as who, trim_scale(sum(amount))::text as amount, trim_scale(sum(quantity))::text as hours, evidence
    from ledger_entries l join projects p on p.id = l.project_id where kind = 'storage' and line > 0 group by 1, 2, 5 having sum(quantity) <> 0 order by 1, 2, 5`;
  return rows.map(({ at, who, amount, hours, evidence }) => `${at} ${who} ${hours} ${amount}${evidence === "measured" ? "" : ` ${evidence}`}`);
}
const intervals = () => world.sql`select p.slug, s.what, s.evidence, (extract(epoch from s.from_at - ${new Date(world.start)}) / 3600)::int as from, (extract(epoch from s.until_at - ${new Date(world.start)}) / 3600)::int as to from stored_intervals s join projects p on p.id = s.project_id order by 4, 1`;

describe("what lies in the object store", () => {
  it("is each project's, the same bytes once in each, and looked at once in an hour, whoever looks", async () => {
    await Promise.all([look(0), look(0.1), look(0.9)]);
    await look(0.99);
    expect([...(await intervals())]).toEqual([{ slug: "speech", what: "artifacts", evidence: "measured", from: 0, to: 1 }, { slug: "vision", what: "artifacts", evidence: "measured", from: 0, to: 1 }]);
    await world.book();
    expect(await ledger()).toEqual(["0 speech 3 0", "0 vision 1 0"]); // no price, no charge
  });

  it("goes on as it was where nobody looked, as inferred, and follows a price that begins in the past", async () => {
    await world.sql`delete from artifacts where sha256 = 'own'`;
    await look(3);
    await world.book();
    await price("2.5");
    await world.book();
    expect(await ledger()).toEqual(["0 speech 3 7.5", "0 vision 1 2.5", "1 speech 3 7.5 inferred", "1 vision 1 2.5 inferred", "2 speech 3 7.5 inferred", "2 vision 1 2.5 inferred", "3 speech 1 2.5", "3 vision 1 2.5"]);
    await look(4);
    await world.book();
    expect((await intervals()).map(({ slug, evidence, from, to }) => `${slug} ${evidence} ${from} ${to}`)).toEqual(["speech measured 0 1", "vision measured 0 1", "speech inferred 1 3", "vision inferred 1 3", "speech measured 3 5", "vision measured 3 5"]);
  });

  it("cannot be counted twice", async () => {
    await expect(world.sql`insert into stored_intervals (id, org_id, project_id, what, bytes, from_at, until_at, evidence) select 'sto_x', org_id, project_id, what, bytes, from_at + interval '1 minute', until_at, evidence from stored_intervals limit 1`).rejects.toThrow(/stored_intervals_apart/);
  });

  it("is in every view, in the parts and in the files, and all of them add up to the same", async () => {
    await splitDays(world.sql, { isDueOnly: false });
    const spend = (by: "kind" | "cluster" | "person" | "project") => world.owner.api.costs.spend({ from: day, to: day, by });
    expect((await spend("kind")).groups.find(({ label }) => label === "Storage")).toMatchObject({ amount: expect.stringMatching(/^40\.0/) as string });
    expect((await spend("cluster")).groups.map(({ label }) => label)).toContain("Object store");
    expect((await spend("person")).groups.map(({ label }) => label)).toContain("Stored files");
    const [all, ...rest] = await Promise.all((["kind", "cluster", "person", "project"] as const).map(spend));
    for (const view of rest) expect(addedUp([view.amount])).toBe(addedUp([all!.amount]));
    const parts = await world.owner.api.costs.parts({ from: day, to: day, by: "kind" });
    expect([parts.amount, parts.groups.find(({ label }) => label === "Storage")?.parts]).toMatchObject([all!.amount, { used: expect.stringMatching(/^40\.0/) as string }]);
  });

  it("has a price of its own, of no model, class or cluster", async () => {
    const add = (more: object) => world.owner.api.costs.addPrice({ kind: "storage", unitPrice: "1", validFrom: "2026-01-01T00:00:00Z", ...more });
    for (const more of [{ model: "h100" }, { capacityClass: "spot" as const }, { clusterId: world.cluster.id }]) await expect(add(more)).rejects.toThrow();
  });

  it("is of FOCUS's category Storage", async () => {
    const { focusRows } = await import("./queries/focus.ts");
    const rows: Record<string, string | null>[] = [];
    const ctx = { db: world.db, orgId: world.org.id, grant: { org: true, teams: [], projects: [] }, actor: { id: world.owner.id } } as unknown as Parameters<typeof focusRows>[0];
    for await (const page of focusRows(ctx, { period: world.last, dataset: "cost-and-usage", version: "1.4" })) rows.push(...page);
    expect(rows.find((row) => row.ServiceCategory === "Storage" && row.SubAccountName === "vision")).toMatchObject({ ServiceSubcategory: "Object Storage", PricingUnit: "GiB-Months", PricingQuantity: "1", BilledCost: "2.5", ResourceName: "artifacts", RegionId: null, x_ClusterId: null, x_ExperimentId: null });
  });
});
