import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { burntOf, type FuseBox, isDone, type Owner, OWNERS } from "./fuses.ts";
import { expectedOutput, type Job, jobOf, jobOfKind } from "./job.ts";
import { leadMoves } from "./moving.ts";
import { until } from "./processes.ts";
import { agentProcess, enrolmentCode, OWN_CLUSTER, type Stack } from "./stack.ts";
import { cancel, converge, submit } from "./trial.ts";
import { verify } from "./verify.ts";

/** Work that leads processes through named places. */
export interface Scenario {
  /** Goes on until every place was died at, or is given up as out of reach. @returns what was wrong afterwards. */
  lead: (stack: Stack, trial: number, box: FuseBox) => Promise<string[]>;
  /** The kind of process that it starts by itself, instead of the stack's own. */
  brings?: Owner;
}

const REACH_MS = 30_000;
const WAVE_MS = 2_000;
const MOST_OPEN = 12;
const WAVES: readonly Job["kind"][][] = [["steady", "burst", "cancelled", "stubborn"], ["steady", "fails", "long-line", "children", "cancelled"]];

/** Some jobs of several kinds; those to cancel are cancelled once they run. */
async function submitWave(stack: Stack, prefix: string, kinds: readonly Job["kind"][], runs: Map<string, Job>): Promise<Promise<void>[]> {
  const cancels: Promise<void>[] = [];
  for (const [index, kind] of kinds.entries()) {
    const job = jobOfKind(kind, `${prefix}-${index}`);
    const id = await submit(stack, job);
    runs.set(id, job);
    if (kind === "cancelled" || kind === "stubborn") cancels.push(cancelOnceItRuns(stack, id));
  }
  return cancels;
}

async function cancelOnceItRuns(stack: Stack, id: string): Promise<void> {
  await until(`${id} to run`, async () => (await stack.sql`select 1 from runs where id = ${id} and status in ('running', 'unreachable', 'succeeded', 'failed')`).length === 1, 90);
  await cancel(stack, id);
}

/** Waves of ordinary runs for as long as there is a place to die at and one is reached now and then. */
const ordinary: Scenario = {
  lead: async (stack, trial, box) => {
    const runs = new Map<string, Job>();
    const cancels: Promise<void>[] = [];
    const isStuck = () => OWNERS.every((owner) => box[owner].done || box[owner].age > REACH_MS);
    for (let wave = 0; !isDone(box) && !isStuck(); wave += 1) {
      const before = burntOf(box).length;
      const open = await stack.sql`select 1 from runs where id = any(${[...runs.keys()]}) and status not in ('succeeded', 'failed', 'cancelled')`;
      if (open.length < MOST_OPEN) cancels.push(...(await submitWave(stack, `t${trial}-${wave}`, WAVES[wave % WAVES.length]!, runs)));
      await until("a death", async () => burntOf(box).length > before, WAVE_MS / 1000).catch(() => {}); // none: the next wave may bring it
    }
    await Promise.all(cancels);
    await converge(stack, [...runs.keys()]);
    return verify(stack, runs);
  },
};

/** The agent falls silent past its lease: one run waits for it, one starts anew, and the old process of that one is stopped. */
const silent: Scenario = {
  lead: async (stack, trial) => {
    const job: Job = { ...jobOf(0, trial, false), lines: 200 };
    const restarted: Job = { ...job, name: `${job.name}-again`, onLostContact: "restart" };
    const hold = await submit(stack, job);
    const again = await submit(stack, restarted);
    await until("both to run", async () => (await stack.sql`select 1 from runs where id = any(${[hold, again]}) and status = 'running'`).length === 2, 30);
    stack.services.agent.signal("SIGSTOP");
    try {
      // The only cluster is the silent one, so the new attempt waits for it; the old one is given up before.
      await until("the attempt to be given up", async () => (await stack.sql`select 1 from attempts where run_id = ${again} and status = 'lost'`).length === 1, 40);
      await until("the other to be shown as unreachable", async () => (await stack.sql`select 1 from runs where id = ${hold} and status = 'unreachable'`).length === 1, 30);
    } finally {
      stack.services.agent.signal("SIGCONT");
    }
    const runs = new Map([[hold, job], [again, restarted]]);
    await converge(stack, [...runs.keys()]);
    return verify(stack, runs);
  },
};

/** The server is away while a job writes more than the spool may hold: what is dropped is a gap of known size, and nothing else is missing. */
const flood: Scenario = {
  lead: async (stack, trial, box) => {
    const { agent, server } = stack.services;
    await agent.stop();
    agent.extraEnv = { DROVER_AGENT_SPOOL_BYTES: String(1024 * 1024) };
    agent.start();
    try {
      const job = { ...jobOfKind("burst", `t${trial}`), lines: 400_000, metricEvery: 100_000 };
      const id = await submit(stack, job, { cluster: OWN_CLUSTER.slug, memoryMib: 16 }); // another's agent may have left so lately that its cluster still counts as in reach
      await until("it to run", async () => (await stack.sql`select 1 from runs where id = ${id} and status = 'running'`).length === 1, 30);
      server.signal("SIGSTOP");
      await until("the spool to overflow", async () => box.agent.done, REACH_MS / 1000).catch(() => {}); // the walk says so itself
      server.signal("SIGCONT");
      await converge(stack, [id]);
      const [counted] = await stack.sql<{ stored: number; dropped: number }[]>`
        select coalesce(sum(c.length), 0)::int as stored, coalesce(sum(c.dropped_before), 0)::int as dropped
        from attempts a join log_chunks c on c.attempt_id = a.id where a.run_id = ${id} and c.stream = 'stdout'`;
      const printed = expectedOutput(job).stdout.length;
      return counted!.stored + counted!.dropped === printed ? [] : [`${counted!.stored} bytes are stored and ${counted!.dropped} known as dropped, of ${printed}`];
    } finally {
      await agent.stop();
      agent.extraEnv = {};
      agent.start();
    }
  },
};

/** A second cluster's agent goes through enrolment, its first join and its first report of nodes; killed anywhere, the same command is given again. */
const enrolment: Scenario = {
  brings: "agent",
  lead: async (stack, trial, box) => {
    const folder = join(stack.folder, `agent-${trial}`);
    const { clusterId, code } = await enrolmentCode(stack, `Cluster ${trial}`);
    const enrol = agentProcess(stack, `enrol-${trial}`, folder, ["enrol", "--url", stack.agentUrl, "--code", code]);
    enrol.fuses = box.agent;
    await until("the enrolment to go through", async () => (await enrol.runOnce()) === 0, 60);
    const agent = agentProcess(stack, `agent-${trial}`, folder);
    agent.start();
    const isThere = async () => (await stack.sql`select 1 from agents where cluster_id = ${clusterId} and join_count > 0 and exists (select 1 from nodes where nodes.cluster_id = agents.cluster_id)`).length === 1;
    const joined = await until("the new agent to join and report its node", async () => box.server.done && (await isThere()), 60).then(() => [], (error: unknown) => [String(error)]);
    await agent.stop();
    const copies = await stack.sql`select count(*)::int as n from agents where cluster_id = ${clusterId} and revoked_at is null`;
    rmSync(folder, { recursive: true, force: true });
    return [...joined, ...(copies[0]!.n === 1 ? [] : [`the cluster has ${copies[0]!.n} agents`])];
  },
};

/** A copy of an agent's disk joins beside the original: the identity is locked, whatever dies meanwhile. */
const clone: Scenario = {
  brings: "agent",
  lead: async (stack, trial) => {
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
  },
};

/** A second cluster, to which runs that failed on the first one go with their checkpoint. */
const moving: Scenario = { brings: "agent", lead: leadMoves };

/** Which scenario leads through a named place. */
export function scenarioFor(name: string): Scenario {
  if (/^(agent|server)\.enrol\.|^server\.join\.|^server\.sync\..*-inventory-/.test(name)) return enrolment;
  if (name.startsWith("server.clone.")) return clone;
  if (name.startsWith("worker.lease.")) return silent;
  if (/^agent\.logs\.(before|after)-drop$/.test(name)) return flood;
  if (/^(agent|server)\.checkpoint\./.test(name)) return moving;
  return ordinary;
}
