import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { OutsideJob } from "../../agent/protocol/messages.ts";
import { addedUp } from "../../domain/costs/decimal.ts";
import { HOUR_MS } from "../../domain/costs/metering.ts";
import { payerOf } from "../../domain/costs/outside.ts";
import { inferOutsideEnds, ingestOutside } from "./commands/outside-ingest.ts";
import { payerWords } from "./queries/dimensions.ts";
import { type MeteredWorld, meteredWorld } from "./testing.ts";

let world: MeteredWorld;
let day: string;
beforeAll(async () => {
  world = await meteredWorld();
  day = new Date(world.start).toISOString().slice(0, 10);
  await world.ran(world.vision.id, world.start, 2 * HOUR_MS);
  // Counted from before the month in which this cluster was first heard of: these tests are about that month.
  await world.sql`insert into outside_clocks (cluster_id, org_id, since, told_to) values (${world.cluster.id}, ${world.org.id}, ${new Date(world.start)}, ${new Date(world.start)})`;
});
afterAll(() => world.close());

const job = (more: Partial<OutsideJob>): OutsideJob => ({ job: "41", name: "md", user: "eve", account: "physics", nodes: ["node-1"], startedAt: world.start, endedAt: world.start + HOUR_MS, isAlive: false, cpus: 2, memoryMib: 0, gpus: 0, shares: 0, ...more });
const tell = (jobs: OutsideJob[], to: number | null = world.start + 3 * HOUR_MS, now = Date.now()) => ingestOutside(world.sql, { orgId: world.org.id, clusterId: world.cluster.id }, { source: "slurm", from: world.start, to, jobs }, now);
const stored = () => world.sql`select job, user_name, evidence, (extract(epoch from started_at - ${new Date(world.start)}) / 3600)::float8 as from, (extract(epoch from ended_at - ${new Date(world.start)}) / 3600)::float8 as to from outside_jobs order by job, started_at`;
/** Cores by hour since the start, of who. */
async function ledger(): Promise<string[]> {
  const rows = await world.sql<{ at: number; who: string; hours: string; evidence: string }[]>`
    select (extract(epoch from hour - ${new Date(world.start)}) / 3600)::int as at, coalesce(project_id, 'idle') as who, trim_scale(sum(quantity))::text as hours, evidence
    from ledger_entries where kind = 'cpu' and line > 0 group by 1, 2, 4 having sum(quantity) <> 0 order by 1, 2, 4`;
  return rows.map(({ at, who, hours, evidence }) => `${at} ${who === world.vision.id ? "vision" : who} ${hours}${evidence === "measured" ? "" : ` ${evidence}`}`);
}
const spend = (by: "project" | "team" | "person" | "experiment" | "cluster" | "kind" | "class" | "source") => world.owner.api.costs.spend({ from: day, to: day, by });

describe("jobs that others gave to a cluster's scheduler", () => {
  it("are held by their account, so that they are not idle, and told again they change nothing", async () => {
    await world.book();
    const early = async () => (await ledger()).filter((line) => line < "3");
    expect(await early()).toEqual(["0 idle 6", "0 vision 2", "1 idle 6", "1 vision 2", "2 idle 8"]);
    const before = await spend("cluster");
    const told = [job({}), job({ job: "42", user: "mal", account: "", startedAt: world.start + HOUR_MS / 2, endedAt: world.start + 1.5 * HOUR_MS, cpus: 3 })];
    expect(await tell(told)).toEqual({ from: world.start + 3 * HOUR_MS - 15 * 60_000 });
    await world.book();
    const hours = ["0 idle 2.5", "0 outside: 1.5 accounted", "0 outside:physics 2 accounted", "0 vision 2", "1 idle 4.5", "1 outside: 1.5 accounted", "1 vision 2", "2 idle 8"];
    expect(await early()).toEqual(hours);
    const entries = () => world.sql`select count(*)::int as n from ledger_entries`;
    const booked = await entries();
    await tell(told.toReversed());
    await world.book();
    expect([await early(), await entries()]).toEqual([hours, booked]);
    expect((await spend("cluster")).amount).toBe(before.amount); // the same capacity costs the same, whoever had it
  });

  it("are told apart in every view, and every view adds up to the same", async () => {
    const groups = async (by: Parameters<typeof spend>[0]) => (await spend(by)).groups.map(({ label, amount }) => `${label} ${amount.replace(/\.?0+$/, "")}`).toSorted();
    expect(await groups("project")).toEqual(["Idle 71", "Outside Drover (account none) 3", "Outside Drover (account physics) 2", "vision 4"].toSorted());
    expect(await groups("person")).toEqual(expect.arrayContaining(["eve (outside Drover) 2", "mal (outside Drover) 3"]));
    expect(await groups("source")).toEqual(["Drover 4", "Idle 71", "Jobs from outside Drover 5"]);
    expect(await groups("experiment")).toEqual(expect.arrayContaining(["Jobs from outside Drover 5"]));
    const all = await Promise.all((["project", "team", "person", "experiment", "cluster", "kind", "class", "source"] as const).map(spend));
    for (const view of all) expect(addedUp(view.groups.map(({ amount }) => amount))).toBe(addedUp([all[0]!.amount]));
    const { lines } = await world.owner.api.costs.period({ period: world.last });
    expect(lines.map(({ project, team }) => `${project}|${team}`)).toEqual(expect.arrayContaining(["Outside Drover (account physics)|", "Idle|"]));
    expect(addedUp(lines.map(({ amount }) => amount))).toBe(addedUp([(await world.owner.api.costs.periods()).find(({ period }) => period === world.last)!.amount]));
  });

  it("fall to no budget", async () => {
    const [row] = await world.sql<{ falls: number }[]>`select count(*)::int as falls from cost_monthly where project_id like 'outside:%' and amount > 0`;
    expect(row!.falls).toBe(2);
    await world.sql`insert into cost_monthly (org_id, month, project_id, owner_id, amount, provisional) values (${world.org.id}, to_char(now() at time zone 'utc', 'YYYY-MM'), 'outside:physics', 'outside:eve', 500, 0)`;
    await world.owner.api.costs.createBudget({ name: "All", scope: { type: "org", id: world.org.id }, amount: "100", levels: [50], policy: "warn" });
    expect((await world.owner.api.costs.budgets()).budgets).toMatchObject([{ spent: "0" }]);
  });

  it("are extended while their scheduler has them, moved where it says another start, and settled at their end", async () => {
    const open = job({ job: "50", startedAt: world.start + 4 * HOUR_MS, endedAt: null, isAlive: true, cpus: 1 });
    await tell([open], null, world.start + 4.5 * HOUR_MS);
    await world.book();
    const of = async () => (await ledger()).filter((line) => /^[4-7] outside/.test(line));
    expect(await of()).toEqual(["4 outside:physics 0.5 provisional"]);
    await tell([open], null, world.start + 5.25 * HOUR_MS);
    await world.book();
    expect(await of()).toEqual(["4 outside:physics 1 provisional", "5 outside:physics 0.25 provisional"]);
    await tell([{ ...open, startedAt: world.start + 4.25 * HOUR_MS, endedAt: world.start + 5 * HOUR_MS, isAlive: false }]);
    await world.book();
    expect(await of()).toEqual(["4 outside:physics 0.75 accounted"]);
    expect((await stored()).at(-1)).toMatchObject({ job: "50", from: 4.25, to: 5, evidence: "accounted" });
  });

  it("that nobody has alive any more end when they last were, until somebody says otherwise", async () => {
    const ghost = job({ job: "60", startedAt: world.start + 6 * HOUR_MS, endedAt: null, isAlive: true, cpus: 1 });
    await tell([ghost], null, world.start + 6.5 * HOUR_MS);
    const later = world.start + 48 * HOUR_MS; // whatever day of a month it is today
    await tell([{ ...ghost, isAlive: false }], later, later);
    expect(await inferOutsideEnds(world.sql, later)).toBe(1);
    await tell([{ ...ghost, isAlive: false }]);
    expect([await inferOutsideEnds(world.sql, later), (await stored()).at(-1)]).toMatchObject([0, { job: "60", from: 6, to: 6.5, evidence: "inferred" }]);
    await tell([{ ...ghost, endedAt: world.start + 6.25 * HOUR_MS, isAlive: false }]);
    expect((await stored()).at(-1)).toMatchObject({ from: 6, to: 6.25, evidence: "accounted" });
  });

  it("that were requeued are counted stretch by stretch; stretches that overlap are refused, by the database too, and somebody is asked", async () => {
    const first = job({ job: "70", startedAt: world.start + 7 * HOUR_MS, endedAt: null, isAlive: true, cpus: 1 });
    await tell([first], null, world.start + 7.25 * HOUR_MS);
    await tell([{ ...first, endedAt: world.start + 7.5 * HOUR_MS, isAlive: false }, { ...first, startedAt: world.start + 7.75 * HOUR_MS, endedAt: world.start + 8 * HOUR_MS, isAlive: false }]);
    expect((await stored()).filter((one) => one.job === "70")).toMatchObject([{ from: 7, to: 7.5 }, { from: 7.75, to: 8 }]);
    const twice = job({ job: "70", startedAt: world.start + 7.2 * HOUR_MS, endedAt: world.start + 7.4 * HOUR_MS });
    await tell([twice]);
    await tell([twice]);
    expect((await stored()).filter((one) => one.job === "70")).toHaveLength(2);
    expect((await world.owner.api.costs.reviews({})).rows.map(({ message }) => message)).toEqual(["Slurm's accounting has two stretches of job 70, from outside Drover, at the same time; only the first is counted."]);
    await expect(world.sql`insert into outside_jobs (id, org_id, cluster_id, job, name, user_name, account, started_at, alive_at, ended_at, evidence) select 'ojb_x', org_id, cluster_id, job, name, user_name, account, started_at + interval '1 minute', alive_at, ended_at, evidence from outside_jobs where job = '70' limit 1`).rejects.toThrow(/outside_jobs_apart/);
    await expect(world.sql`insert into outside_usage (id, org_id, cluster_id, node, kind, model, milli, outside_job_id, from_at, until_at, evidence) select 'ous_x', org_id, cluster_id, node, kind, model, milli, outside_job_id, from_at + interval '1 minute', until_at, evidence from outside_usage limit 1`).rejects.toThrow(/outside_usage_apart/);
  });

  it("never hold more than Drover's own runs leave, so that idle capacity is not less than nothing", async () => {
    await tell([job({ job: "80", startedAt: world.start, endedAt: world.start + HOUR_MS, cpus: 64 })]);
    await world.book();
    expect((await ledger()).filter((line) => line.startsWith("0 "))).toEqual(["0 outside: 1.5 accounted", "0 outside:physics 4.5 accounted", "0 vision 2"]);
    expect((await world.owner.api.costs.period({ period: world.last })).checks.find(({ name }) => name.startsWith("Nobody held more"))).toMatchObject({ ok: true });
  });

  it("are paid for by the project that is named for their account, from then on", async () => {
    await world.owner.api.costs.nameAccount({ clusterId: world.cluster.id, account: "physics", projectId: world.speech.id });
    await tell([job({ job: "90", startedAt: world.start + 2 * HOUR_MS, endedAt: world.start + 3 * HOUR_MS, cpus: 1 })]);
    await world.book();
    expect((await ledger()).filter((line) => line.startsWith("2 "))).toEqual(["2 idle 7", `2 ${world.speech.id} 1 accounted`]);
    expect(await world.owner.api.costs.outsideAccounts()).toMatchObject([{ account: "", user: null, projectId: null, jobs: 1 }, { account: "", user: "mal", jobs: 1 }, { account: "physics", user: null, project: "speech", running: 0 }, { account: "physics", user: "eve", projectId: null }]);
    const [entry] = await world.sql`select action, before, after from audit_log where action = 'outside-account.name'`;
    expect(entry).toMatchObject({ before: { project: null }, after: { project: world.speech.id } });
    await world.owner.api.costs.nameAccount({ clusterId: world.cluster.id, account: "physics", projectId: null });
    expect(new Set((await world.owner.api.costs.outsideAccounts()).map(({ projectId }) => projectId))).toEqual(new Set([null]));
  });

  it("are paid for by what is named for their user, before what is named for the account; only who manages costs may say so", async () => {
    const { api } = world.owner;
    const place = { clusterId: world.cluster.id, account: "biology" };
    await api.costs.nameAccount({ ...place, projectId: world.speech.id });
    await api.costs.nameAccount({ ...place, user: "ada", projectId: world.vision.id });
    const late = { account: "biology", startedAt: world.start + 9 * HOUR_MS, endedAt: world.start + 9.5 * HOUR_MS, cpus: 1 };
    await tell([job({ ...late, job: "95", user: "ada" }), job({ ...late, job: "96", user: "bob" })]);
    const payers = await world.sql`select user_name as user, project_id as project from outside_jobs where account = 'biology' order by 1`;
    expect([...payers]).toEqual([{ user: "ada", project: world.vision.id }, { user: "bob", project: world.speech.id }]);
    const rows = (await api.costs.outsideAccounts()).filter(({ account }) => account === "biology");
    expect(rows).toMatchObject([{ user: null, project: "speech", jobs: 2 }, { user: "ada", project: "vision", jobs: 1, namedBy: expect.any(String) as string, namedAt: expect.any(Date) as Date }, { user: "bob", project: null, team: null, namedAt: null }]);
    await api.costs.nameAccount({ ...place, user: "ada", projectId: null });
    expect(await world.sql`select user_name from outside_accounts where account = 'biology'`).toMatchObject([{ user_name: "" }]);
    const [entry] = await world.sql`select target_name as name, before from audit_log where action = 'outside-account.name' order by at desc, id desc limit 1`;
    expect(entry).toMatchObject({ name: "berlin, account biology, user ada", before: { project: world.vision.id } });
    const viewer = await world.makeUser(world.org.id, world.org.slug, "Vi", [["viewer", "org", world.org.id]]);
    await expect(viewer.api.costs.nameAccount({ ...place, projectId: null })).rejects.toMatchObject({ code: "FORBIDDEN" });
    const few = await world.makeUser(world.org.id, world.org.slug, "Fay", [["viewer", "project", world.speech.id]]);
    expect([(await viewer.api.costs.outsideAccounts()).length > 0, await few.api.costs.outsideAccounts()]).toEqual([true, []]);
  });

  it("are in the FOCUS file as compute of an account", async () => {
    const { focusRows } = await import("./queries/focus.ts");
    const rows: Record<string, string | null>[] = [];
    const ctx = { db: world.db, orgId: world.org.id, grant: { org: true, teams: [], projects: [] }, actor: { id: world.owner.id } } as unknown as Parameters<typeof focusRows>[0];
    for await (const page of focusRows(ctx, { period: world.last, dataset: "cost-and-usage", version: "1.4" })) rows.push(...page);
    expect(rows.find((row) => row.x_OutsideJob === "job/42" && row.SkuMeter === "CPU time held")).toMatchObject({ ServiceCategory: "Compute", ServiceName: "Jobs from outside Drover", SubAccountId: "outside:", SubAccountName: "Outside Drover (account none)", SubAccountType: "Account", x_Evidence: "accounted", x_AttemptId: null, x_ExperimentId: null });
  });
});

describe("a job of another cluster", () => {
  it("is another one, whatever its number", async () => {
    const oslo = await world.makeCluster(world.org.id, "oslo", { cpus: 4 });
    await world.sql`insert into outside_clocks (cluster_id, org_id, since, told_to) values (${oslo.id}, ${world.org.id}, ${new Date(world.start)}, ${new Date(world.start)})`;
    const of = (clusterId: string) => world.sql`select id, user_name, account, project_id, started_at, ended_at, evidence from outside_jobs where cluster_id = ${clusterId} order by id`;
    const before = await of(world.cluster.id);
    await ingestOutside(world.sql, { orgId: world.org.id, clusterId: oslo.id }, { source: "slurm", from: world.start, to: world.start + HOUR_MS, jobs: [job({ job: "41", user: "mallory", endedAt: world.start + HOUR_MS / 4 })] }, Date.now());
    expect([await of(world.cluster.id), (await of(oslo.id)).length]).toEqual([before, 1]);
  });
});

describe("the first message of a cluster", () => {
  it("is answered with the begin of this month, or of its capacity where that is later", async () => {
    const tokyo = await world.makeCluster(world.org.id, "fresh", { cpus: 4 });
    const ask = () => ingestOutside(world.sql, { orgId: world.org.id, clusterId: tokyo.id }, { source: "slurm", from: null, to: null, jobs: [] }, Date.now());
    const { from } = await ask();
    expect(Math.abs(from - Date.now())).toBeLessThan(3_600_000); // it has no capacity yet
    expect(await ask()).toEqual({ from });
  });
});

it("jobs of an account that no project was named for are paid for by that account, in words", async () => {
  const named = async (account: string) => (await world.db.execute<{ name: string }>(sql`select ${payerWords(sql`${payerOf(account)}::text`)} as name`))[0]!.name;
  expect([await named("physics"), await named("")]).toEqual(["Outside Drover (account physics)", "Outside Drover (account none)"]);
});
