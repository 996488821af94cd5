import { connect } from "../db/client.ts";
import { factories } from "../db/factories.ts";
import { decimal } from "../domain/costs/decimal.ts";
import { HOUR_MS } from "../domain/costs/metering.ts";
import { type AssetHour, rateAssetHour } from "../domain/costs/rating.ts";
import { SPEND_BY } from "../domain/costs/spend-by.ts";
import { postDirtyHours } from "../server/costs/commands/posting.ts";
import { readSpend, type SpendReader } from "../server/costs/queries/spend.ts";
import { median, percentile, say } from "./figures.ts";
import { databaseUrlOf, withStack } from "./with-stack.ts";

// How fast usage becomes money: rating alone, rating into the ledger, and every view of a month. Beside it what peers do:
// a float sum over the raw intervals at the moment of asking, which knows one price and forgets every correction.

const NODES = 50;
const DAYS = 30;
const RUNS = 20_000;
const ROUNDS = 5;
const LOOKS = 30;

type Clients = ReturnType<typeof connect>;

/** Asset-hours per second of the pure function: eight holders, a price that changes within the hour. */
function pureRate(): number {
  const part = HOUR_MS / 8;
  const price = (id: string, text: string) => ({ id, unitPrice: decimal(text), rateId: null });
  const input: AssetHour = {
    hour: 0,
    holdings: Array.from({ length: 8 }, (_, at) => ({ attemptId: `att_${at}`, from: at * part, to: (at + 1) * part - 1234, milli: 2000, evidence: "measured" as const })),
    capacity: [{ from: 0, to: HOUR_MS, milli: 8000 }],
    prices: [{ from: 0, to: HOUR_MS / 2, price: price("a", "2.40") }, { from: HOUR_MS / 2, to: HOUR_MS, price: price("b", "2.55") }],
    capacityClass: "owned", isComplete: true,
  };
  const begun = performance.now();
  for (let n = 0; n < 20_000; n += 1) rateAssetHour(input);
  return 20_000 / ((performance.now() - begun) / 1000);
}

/** A month of runs of one to eight hours on fifty nodes, metered and not yet rated. */
async function fill({ db, sql }: Clients): Promise<string> {
  const make = factories(db);
  const org = await make.org();
  const owner = await make.member(org, "owner");
  const cluster = await make.cluster(org);
  for (let at = 0; at < NODES; at += 1) await make.node(cluster, { name: `n${at}`, cpus: 64 });
  const run = await make.run(org.project, owner.id, { status: "succeeded" });
  const attempt = await make.attempt(run, cluster.id, { status: "ended" });
  await make.prices(org, "0.048", "0.0062");
  const from = new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS - DAYS * 24 * HOUR_MS);
  await sql`insert into runs (id, org_id, project_id, experiment_id, name, spec, status, priority, owner_type, owner_id, cpus, memory_mib, gpus, nodes)
    select id || n, org_id, project_id, experiment_id, name, spec, status, priority, owner_type, owner_id, cpus, memory_mib, gpus, nodes from runs, generate_series(1, ${RUNS}::int) as n where id = ${run.id}`;
  await sql`insert into attempts (id, org_id, run_id, cluster_id, number, status, outcome, lease_until, cpus, memory_mib, gpus, nodes)
    select id || n, org_id, run_id || n, cluster_id, 1, status, 'succeeded', lease_until, cpus, memory_mib, gpus, nodes from attempts, generate_series(1, ${RUNS}::int) as n where id = ${attempt.id}`;
  await sql`insert into capacity_intervals (id, org_id, cluster_id, node, kind, model, milli, capacity_class, from_at) select 'cap_' || n, ${org.id}, ${cluster.id}, 'n' || n, 'cpu', '', 64000, 'owned', ${from} from generate_series(0, ${NODES - 1}::int) as n`;
  await sql`insert into usage_intervals (id, org_id, cluster_id, node, kind, model, milli, attempt_id, run_id, event, from_at, until_at, evidence)
    select 'use_' || n, ${org.id}, ${cluster.id}, 'n' || n % ${NODES}::int, 'cpu', '', 2000, ${attempt.id} || n, ${run.id} || n, 0, begun, begun + make_interval(secs => 3600 + n * 7919 % 25200), 'measured'
    from (select n, ${from}::timestamptz + make_interval(secs => n::bigint * 104729 % ${(DAYS * 24 - 8) * 3600}::int) as begun from generate_series(1, ${RUNS}::int) as n) as spread`;
  await sql`insert into dirty_hours (org_id, cluster_id, node, kind, model, hour)
    select distinct org_id, cluster_id, node, kind, model, hour from usage_intervals, generate_series(date_trunc('hour', from_at, 'UTC'), until_at, interval '1 hour') as hour where org_id = ${org.id}`;
  await sql`insert into cost_clocks (cluster_id, org_id, complete_to) values (${cluster.id}, ${org.id}, now())`;
  return org.id;
}

async function book(clients: Clients): Promise<{ hours: number; seconds: number }> {
  const begun = performance.now();
  let hours = 0;
  for (;;) {
    const turn = await postDirtyHours(clients, Date.now());
    hours += turn.hours;
    if (turn.hours === 0) return { hours, seconds: (performance.now() - begun) / 1000 };
  }
}

async function millisecondsOf(act: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await act();
  return performance.now() - begun;
}

await withStack(async (stack) => {
  say("rating alone, asset-hours of eight holders and two prices", median(Array.from({ length: ROUNDS }, pureRate)), "a second");
  await stack.services.worker.stop(); // it would book beside us
  process.env.DATABASE_URL = databaseUrlOf(stack);
  process.env.DROVER_SECRET ??= stack.services.server.service.env.DROVER_SECRET;
  const clients = connect(databaseUrlOf(stack));
  const orgId = await fill(clients);
  await stack.sql`analyze`;
  const { hours, seconds } = await book(clients);
  say(`${RUNS} intervals rated and booked, asset-hours`, hours / seconds, "a second", `${hours} in ${seconds.toFixed(1)} s`);
  say("the same in intervals", RUNS / seconds, "a second");
  const day = (at: number) => new Date(at).toISOString().slice(0, 10);
  const reader: SpendReader = { db: clients.tenant(orgId).db, orgId, grant: { orgId, permission: "costs:read", org: true, teams: new Set(), projects: new Set() } };
  const looks: number[] = [];
  for (let n = 0; n < LOOKS; n += 1) for (const by of SPEND_BY) looks.push(await millisecondsOf(() => readSpend(reader, { from: day(Date.now() - DAYS * 24 * HOUR_MS), to: day(Date.now()), by })));
  const [view, worst] = [median(looks), percentile(looks, 0.99)];
  say("a view of the month, any dimension, p50", view, "ms");
  say("the same, p99", worst, "ms", "goal < 300");
  const floats: number[] = [];
  for (let n = 0; n < ROUNDS; n += 1) floats.push(await millisecondsOf(() => clients.sql`
    select r.project_id, date_trunc('day', i.from_at) as day, sum(extract(epoch from i.until_at - i.from_at)::float8 / 3600 * i.milli / 1000 * 0.048::float8) as amount
    from usage_intervals i join runs r on r.id = i.run_id where i.org_id = ${orgId} group by 1, 2`));
  say("peers' way: a float sum over the raw intervals", median(floats), "ms", `${(median(floats) / view).toFixed(1)} × ours, and grows with every run`);
  await clients.close();
});
