import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Job, jobOf } from "./job.ts";
import { until } from "./processes.ts";
import { agentProcess, enrolmentCode, type Stack } from "./stack.ts";
import { cancel, converge, submit } from "./trial.ts";
import { verify } from "./verify.ts";

/** Work that leads a process through the named place. @returns what was wrong afterwards. */
export type Scenario = (stack: Stack, trial: number) => Promise<string[]>;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** One job of each kind; the one to cancel is cancelled once it runs. Passes through most places. */
const ordinary: Scenario = async (stack, trial) => {
  const runs = new Map<string, Job>();
  for (let index = 0; index < 6; index += 1) {
    const job = jobOf(index, trial);
    const id = await submit(stack, job);
    runs.set(id, job);
    if (job.kind === "cancelled") setTimeout(() => void cancel(stack, id).catch(() => {}), 800); // verified below: it must not succeed
  }
  await converge(stack, [...runs.keys()]);
  return verify(stack, runs);
};

/** The agent falls silent past its lease: one run waits for it, one starts anew, and the old process of that one is stopped. */
const silent: Scenario = async (stack, trial) => {
  const job = { ...jobOf(0, trial), lines: 200 };
  const hold = await submit(stack, job);
  const again = await submit(stack, { ...job, name: `${job.name}-again` }, "restart");
  await until("both to run", async () => (await stack.sql`select 1 from runs where id = any(${[hold, again]}) and status = 'running'`).length === 2, 30);
  stack.services.agent.signal("SIGSTOP");
  try {
    // The only cluster is the silent one, so the new attempt waits for it; the old one is given up before.
    await until("the attempt to be given up", async () => (await stack.sql`select 1 from attempts where run_id = ${again} and status = 'lost'`).length === 1, 30);
    await until("the other to be shown as unreachable", async () => (await stack.sql`select 1 from runs where id = ${hold} and status = 'unreachable'`).length === 1, 30);
  } finally {
    stack.services.agent.signal("SIGCONT");
  }
  const runs = new Map([[hold, job], [again, job]]);
  await converge(stack, [...runs.keys()]);
  return verify(stack, runs);
};

/** The server is away while a job writes more than the spool may hold: what is dropped is counted, and nothing else is missing. */
const flood: Scenario = async (stack, trial) => {
  const { agent, server } = stack.services;
  await agent.stop();
  agent.start({ ...stack.armed, DROVER_AGENT_SPOOL_BYTES: String(1024 * 1024) });
  const job = { ...jobOf(1, trial), lines: 400_000, metricEvery: 100_000 };
  const id = await submit(stack, job);
  await until("it to run", async () => (await stack.sql`select 1 from runs where id = ${id} and status = 'running'`).length === 1, 30);
  server.signal("SIGSTOP");
  await pause(5_000);
  server.signal("SIGCONT");
  await converge(stack, [id]);
  const [counted] = await stack.sql<{ stored: number; dropped: number }[]>`
    select coalesce(sum(c.length), 0)::int as stored, max(a.log_bytes_dropped)::int as dropped
    from attempts a join log_chunks c on c.attempt_id = a.id where a.run_id = ${id} and c.stream = 'stdout'`;
  const [head] = await stack.sql<{ next: number }[]>`select max(stdout_next)::int as next from log_heads h join attempts a on a.id = h.attempt_id where a.run_id = ${id}`;
  return counted!.stored + counted!.dropped === head!.next ? [] : [`${counted!.stored} bytes are stored and ${counted!.dropped} counted as dropped, of ${head!.next}`];
};

/** A second cluster's agent goes through enrolment and its first join; killed anywhere, the same command is given again. */
const enrolment: Scenario = async (stack, trial) => {
  const folder = join(stack.folder, `agent-${trial}`);
  const { clusterId, code } = await enrolmentCode(stack, `Cluster ${trial}`);
  const agent = agentProcess(stack, `agent-${trial}`, folder);
  const enrol = agentProcess(stack, `enrol-${trial}`, folder, ["enrol", "--url", stack.agentUrl, "--code", code]);
  const first = await enrol.runOnce(stack.armed);
  if (first !== 0) await until("the enrolment to go through", async () => (await enrol.runOnce()) === 0, 30);
  agent.start(stack.armed);
  const joined = await until("the new agent to join and report its node", async () => (await stack.sql`select 1 from agents where cluster_id = ${clusterId} and join_count > 0 and exists (select 1 from nodes where nodes.cluster_id = agents.cluster_id)`).length === 1, 30).then(() => [], (error: unknown) => [String(error)]);
  stack.hits += agent.restarts + (first === null ? 1 : 0);
  await agent.stop();
  const copies = await stack.sql`select count(*)::int as n from agents where cluster_id = ${clusterId} and revoked_at is null`;
  rmSync(folder, { recursive: true, force: true });
  return [...joined, ...(copies[0]!.n === 1 ? [] : [`the cluster has ${copies[0]!.n} agents`])];
};

/** A copy of an agent's disk joins beside the original: the identity is locked, whatever dies meanwhile. */
const clone: Scenario = async (stack, trial) => {
  const folder = join(stack.folder, `agent-${trial}`);
  const { clusterId, code } = await enrolmentCode(stack, `Cluster ${trial}`);
  await agentProcess(stack, `enrol-${trial}`, folder, ["enrol", "--url", stack.agentUrl, "--code", code]).runOnce();
  cpSync(folder, `${folder}-copy`, { recursive: true });
  const original = agentProcess(stack, `agent-${trial}`, folder);
  original.start();
  await until("the original to join", async () => (await stack.sql`select 1 from agents where cluster_id = ${clusterId} and join_count > 0`).length === 1, 30);
  const copy = agentProcess(stack, `copy-${trial}`, `${folder}-copy`);
  copy.start();
  const locked = await until("the identity to be locked", async () => (await stack.sql`select 1 from agents where cluster_id = ${clusterId} and cloned_at is not null`).length === 1, 30).then(() => [], (error: unknown) => [String(error)]);
  await Promise.all([original.stop(), copy.stop()]);
  return locked;
};

/** Which scenario leads through a named place. */
export function scenarioFor(name: string): Scenario {
  if (/^(agent|server)\.enrol\.|^server\.join\.|^server\.sync\..*-inventory-/.test(name)) return enrolment;
  if (name.startsWith("server.clone.")) return clone;
  if (name.startsWith("worker.lease.")) return silent;
  if (/^agent\.logs\.(before|after)-drop$/.test(name)) return flood;
  return ordinary;
}
