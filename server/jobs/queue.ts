import { sql } from "drizzle-orm";
import { fromDrizzle, PgBoss } from "pg-boss";
import type { DbOrTx } from "../../db/client.ts";
import { LOCKS } from "../locks.ts";
import { log } from "../log.ts";
import { JOBS, type JobName, type JobPayload } from "./registry.ts";

/** A job is added in the transaction of the change that wants it, so by the roles that make changes. */
const MAY_ADD = `
  begin;
  select pg_advisory_xact_lock(${LOCKS.jobGrants});
  grant usage on schema pgboss to drover_app, drover_tenant;
  grant select, insert on all tables in schema pgboss to drover_app, drover_tenant;
  commit`;

// One queue for our bundle and Next's chunks.
const shared = globalThis as typeof globalThis & { droverJobs?: PgBoss };

/**
 * Opens the job queue. A server only adds jobs; a worker also runs them and keeps the queue's house.
 * Its own small pool: pg-boss wants node-postgres.
 */
export async function openJobs(url: string, role: "server" | "worker"): Promise<PgBoss> {
  const works = role === "worker";
  const boss = new PgBoss({ connectionString: url, application_name: `drover-${role}-jobs`, max: works ? 4 : 2, supervise: works, schedule: works, useListenNotify: works });
  boss.on("error", (err) => log().warn({ err }, "the job queue had an error; it goes on by itself"));
  await boss.start();
  for (const name of Object.keys(JOBS)) {
    // A job whose worker died is taken up again after 10 s without a heartbeat.
    await boss.createQueue(name, { retryLimit: 20, retryDelay: 5, retryBackoff: true, retryDelayMax: 600, heartbeatSeconds: 10, expireInSeconds: 3600, policy: "short", notify: true });
  }
  await boss.getDb().executeSql(MAY_ADD);
  shared.droverJobs = boss;
  return boss;
}

export async function closeJobs(): Promise<void> {
  const boss = shared.droverJobs;
  shared.droverJobs = undefined;
  await boss?.stop({ graceful: true, timeout: 5_000 });
}

/**
 * Adds a job in the caller's transaction: it exists only if the change does. Where no queue is open (scripts, tests of other
 * things) nothing is added; every job is also found again by the state it works on, so it only comes later.
 */
export async function enqueue<Name extends JobName>(tx: DbOrTx, name: Name, payload: JobPayload<Name>): Promise<void> {
  await shared.droverJobs?.send(name, JOBS[name].parse(payload), { db: fromDrizzle(tx, sql), singletonKey: JSON.stringify(payload) });
}
