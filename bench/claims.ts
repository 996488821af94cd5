import { type JobHelpers, run as runGraphileWorker, type RunnerOptions } from "graphile-worker";
import type { Sql } from "postgres";
import type { Stack } from "../chaos/stack.ts";
import { connect } from "../db/client.ts";
import { openSql } from "../db/connection.ts";
import { factories } from "../db/factories.ts";
import { newId } from "../db/schema/columns.ts";
import { placeOrg } from "../server/agents/jobs/placement.ts";
import { openBus } from "../server/bus.ts";
import { median, say } from "./figures.ts";

// How fast a queue of 10,000 is handed out: our placement, which gives each run an attempt, a fence, a lease and a line in
// its timeline, beside graphile-worker: with a task that does nothing, and with one that leaves behind exactly what a
// placement does, in one statement. One Postgres, one process each, in turns.

const QUEUED = 10_000;
const ROUNDS = 5;
const GOAL = 10;
const NODES = 100;

type Clients = ReturnType<typeof connect>;

/** An organization with one large cluster and 10,000 queued runs, all of which fit. */
async function fillQueue({ db, sql }: Clients, tables: Sql, ownerId: string): Promise<string> {
  const make = factories(db);
  const org = await make.org();
  const cluster = await make.cluster(org);
  for (let at = 0; at < NODES; at += 1) await make.node(cluster, { cpus: QUEUED / NODES, memoryMib: 1_048_576 });
  const first = await make.run(org.project, ownerId, { input: { resources: { cpus: 1, memory: 64 } } });
  await sql`
    insert into runs (id, org_id, project_id, experiment_id, name, spec, priority, owner_type, owner_id, cpus, memory_mib, gpus, nodes)
    select id || lpad(n::text, 6, '0'), org_id, project_id, experiment_id, name || '-' || n, spec, priority, owner_type, owner_id, cpus, memory_mib, gpus, nodes
    from runs, generate_series(1, ${QUEUED - 1}::int) as n where id = ${first.id}`;
  await tables`analyze runs`;
  return org.id;
}

/** Runs per second, from 10,000 queued to none, by the worker's own placement passes. */
async function placements(clients: Clients, bus: Awaited<ReturnType<typeof openBus>>, orgId: string): Promise<number> {
  const services = { db: clients.db, sql: clients.sql, bus, leaseSeconds: 90, now: Date.now };
  const begun = performance.now();
  while ((await placeOrg(services, orgId)).more);
  const seconds = (performance.now() - begun) / 1000;
  await allStarting(clients.sql, orgId);
  return QUEUED / seconds;
}

/** @throws Error unless each run has its attempt and the line that says so. */
async function allStarting(sql: Sql, orgId: string): Promise<void> {
  const [made] = await sql<{ count: number }[]>`
    select count(*)::int as count from runs join attempts on attempts.run_id = runs.id join run_events on run_events.attempt_id = attempts.id
    where runs.org_id = ${orgId} and runs.status = 'starting' and attempts.status = 'assigned' and attempts.cluster_id = runs.cluster_id`;
  if (made!.count !== QUEUED) throw new Error(`${made!.count} of ${QUEUED} runs were handed out.`);
}

/** What a placement writes, by a job that knows its run and where it goes. No policy, no fit: that work is ours alone. */
const CLAIM = `
  with taken as (
    update runs set status = 'starting', status_since = now(), pending = null, attempt_count = attempt_count + 1, cluster_id = $2, updated_at = now()
    where id = $1 and status = 'queued' and held_at is null returning id, org_id, attempt_count, cpus, memory_mib, gpus, nodes),
  made as (
    insert into attempts (id, org_id, run_id, cluster_id, number, lease_until, node_names, accelerator_indexes, cpus, memory_mib, gpus, nodes)
    select $3, org_id, id, $2, attempt_count, now() + interval '90 s', array[$4::text], '{}', cpus, memory_mib, gpus, nodes from taken returning id)
  insert into run_events (id, org_id, run_id, attempt_id, kind, actor, message)
  select $5, org_id, taken.id, made.id, 'attempt.assigned', 'graphile', $6 from taken, made`;

async function claimBy(payload: unknown, helpers: JobHelpers): Promise<void> {
  const { runId, clusterId, node } = payload as { runId: string; clusterId: string; node: string };
  await helpers.query(CLAIM, [runId, clusterId, newId("attempt"), node, newId("runEvent"), `Placed on bench (${node}).`]);
}

/** Jobs per second, from 10,000 queued to none, by graphile-worker with these settings. @param orgId Whose runs its jobs claim; without, they do nothing. */
async function jobs(sql: Sql, connectionString: string, options: RunnerOptions, orgId?: string): Promise<number> {
  await (orgId
    ? sql`select graphile_worker.add_job('job', json_build_object('runId', id, 'clusterId', (select id from clusters where org_id = ${orgId}), 'node', 'node')) from runs where org_id = ${orgId}`
    : sql`select graphile_worker.add_job('job', json_build_object('n', n)) from generate_series(1, ${QUEUED}::int) as n`);
  await sql`analyze graphile_worker._private_jobs`;
  let done = 0;
  let finish = () => {};
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const task = async (payload: unknown, helpers: JobHelpers): Promise<void> => {
    if (orgId) await claimBy(payload, helpers);
    done += 1;
    if (done === QUEUED) finish();
  };
  const begun = performance.now();
  const runner = await runGraphileWorker({ connectionString, noHandleSignals: true, taskList: { job: task }, ...options });
  await finished;
  const seconds = (performance.now() - begun) / 1000;
  await runner.stop();
  if (orgId) await allStarting(sql, orgId);
  return QUEUED / seconds;
}

/** Placement on an otherwise quiet stack: its own worker must be stopped. */
export async function measureClaims(stack: Stack): Promise<void> {
  const url = stack.services.server.service.env.DATABASE_URL!;
  process.env.DATABASE_URL = url;
  process.env.DROVER_SECRET ??= stack.services.server.service.env.DROVER_SECRET;
  const clients = connect(url);
  const tables = openSql(url, { max: 2 }); // as their owner
  const bus = await openBus(clients.sql);
  const { Logger, runMigrations } = await import("graphile-worker");
  const logger = new Logger(() => () => {});
  await runMigrations({ connectionString: url, logger });
  const rates = { ours: [] as number[], alike: [] as number[], usual: [] as number[], tuned: [] as number[] };
  const owner = await factories(clients.db).user();
  for (let round = 0; round < ROUNDS; round += 1) {
    rates.ours.push(await placements(clients, bus, await fillQueue(clients, tables, owner.id)));
    rates.alike.push(await jobs(tables, url, { logger, concurrency: 8 }, await fillQueue(clients, tables, owner.id)));
    rates.usual.push(await jobs(tables, url, { logger, concurrency: 8 }));
    rates.tuned.push(await jobs(tables, url, { logger, concurrency: 24, preset: { worker: { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } } }));
  }
  await bus.close();
  await Promise.all([clients.close(), tables.end()]);
  const [ours, alike, usual, tuned] = [median(rates.ours), median(rates.alike), median(rates.usual), median(rates.tuned)];
  say(`claims, ${QUEUED} queued: Drover's placement`, ours, "runs/s", `median of ${ROUNDS}`);
  say(`claims, ${QUEUED} queued: graphile-worker, the same rows, 8 at once`, alike, "runs/s", `ratio ${(ours / alike).toFixed(1)} (goal ≥ ${GOAL})`);
  say(`claims, ${QUEUED} queued: graphile-worker, jobs that do nothing, 8 at once`, usual, "jobs/s", `ratio ${(ours / usual).toFixed(1)}`);
  say(`claims, ${QUEUED} queued: graphile-worker, that and batches of 500`, tuned, "jobs/s", `ratio ${(ours / tuned).toFixed(1)}`);
}

if (import.meta.main) {
  const { withStack } = await import("./with-stack.ts");
  await withStack(async (stack) => {
    await stack.services.worker.stop();
    await measureClaims(stack);
  });
}
