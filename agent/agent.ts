import { Journal } from "./attempts/journal.ts";
import { Owed } from "./attempts/owed.ts";
import { Supervisor } from "./attempts/supervisor.ts";
import { Bell, pause } from "./backoff.ts";
import { ServerClock } from "./clock.ts";
import { hasGit } from "./code/git.ts";
import type { Driver } from "./drivers/driver.ts";
import { ProcessDriver } from "./drivers/process.ts";
import { SlurmDriver } from "./drivers/slurm/driver.ts";
import { bootId } from "./drivers/processes.ts";
import { agentEnv } from "./env.ts";
import { ServerClient } from "./identity/client.ts";
import { hostFacts } from "./identity/enrol.ts";
import type { Identity } from "./identity/identity.ts";
import { type Lock, takeLock } from "./lock.ts";
import { log } from "./log.ts";
import { ArtifactsLoop } from "./loops/artifacts.ts";
import { CheckpointsLoop } from "./loops/checkpoints.ts";
import { runDeadlines } from "./loops/deadlines.ts";
import { LogsLoop } from "./loops/logs.ts";
import { MetricsLoop } from "./loops/metrics.ts";
import { OutsideLoop } from "./loops/outside.ts";
import { SyncLoop } from "./loops/sync.ts";
import { TelemetryLoop } from "./loops/telemetry.ts";
import { UsageLoop } from "./loops/usage.ts";
import { WitnessLoop } from "./loops/witness.ts";
import { accountOf, accountsOf, loadPolicy, type Policy, policyInWords } from "./policy.ts";
import { Sources } from "./spool/sources.ts";
import { Openings } from "./tunnel/openings.ts";
import { Tunnels } from "./tunnel/tunnels.ts";
import type { StateFolder } from "./state.ts";

export interface RunOptions {
  state: StateFolder;
  identity: Identity;
  driver: "process" | "slurm";
  /** End the jobs too when asked to end. */
  stopJobs: boolean;
  signal: AbortSignal;
}

const LOCK_CHECK_MS = 5_000;
/** After their grace, how long jobs may take to be reported before the agent leaves anyway. */
const LEAVE_MS = 15_000;

/** The driver that the set-up names. @throws Error where this host has no such scheduler. */
async function openDriver(kind: RunOptions["driver"], state: StateFolder, nodeName: string, { slurm, shared }: Policy): Promise<Driver> {
  const { SLURM_CONF } = agentEnv();
  if (kind === "slurm") return SlurmDriver.open({ hasGit: await hasGit(), env: SLURM_CONF ? { SLURM_CONF } : {}, links: state.tasks, arrays: slurm?.arrays ?? true });
  return ProcessDriver.open({ nodeName, stateHome: state.home, hasGit: await hasGit(), shared: shared ?? [] });
}

/** Everything of one running agent. */
async function assemble({ state, identity, driver: kind }: RunOptions) {
  const policy = await loadPolicy(state);
  const account = await accountOf(policy);
  const accounts = await accountsOf(policy);
  const nodeName = agentEnv().DROVER_AGENT_NODE;
  const journal = new Journal(state, await bootId(), account || accounts.size > 0 ? 0o711 : 0o700);
  const records = await journal.open();
  const owed = await Owed.open(state);
  const driver = await openDriver(kind, state, nodeName, policy);
  if (kind !== "slurm" && accounts.size > 0) throw new Error("policy.json, slurm.users: only the Slurm driver runs jobs as their owners.");
  if (kind === "slurm" && policy.shared) throw new Error("policy.json, shared: Slurm itself says which of its GPUs are shared, by its GRES shard.");
  let drained: readonly string[] = [];
  const clock = new ServerClock();
  const interactive = policy.interactive !== false && driver.enter !== undefined;
  const facts = async () => ({ host: hostFacts(), capabilities: { ...(await driver.capabilities()), interactive }, policy: policyInWords(policy) });
  const client = new ServerClient(identity, clock, facts);
  const news = new Bell();
  const bytes = new Bell();
  const around = { state, client, policy, account, accounts, drainedNodes: () => drained };
  const supervisor = new Supervisor({ driver, journal, owed, clock, around, nodeName, news, bytes });
  const tunnels = new Tunnels(client, new Openings({ supervisor, driver, around }));
  const sources = new Sources();
  const telemetry = new TelemetryLoop({ client, supervisor, driver, nodeName, stateHome: state.home, shared: policy.shared ?? [] });
  const sync = new SyncLoop({ client, supervisor, driver, policy, news, contactFile: state.contact, drained: (nodes) => (drained = nodes), tunnels: (servers) => tunnels.want(servers) });
  const logs = new LogsLoop({ client, supervisor, sources, bytes, capBytes: agentEnv().DROVER_AGENT_SPOOL_BYTES, onDrop: (record, dropped) => telemetry.dropped(record, dropped) });
  const metrics = new MetricsLoop({ client, supervisor, sources, bytes });
  const artifacts = new ArtifactsLoop({ client, supervisor, bytes, news });
  const checkpoints = new CheckpointsLoop({ client, supervisor, state });
  const usage = new UsageLoop({ client, supervisor, bytes, news });
  const witness = driver.accounting ? new WitnessLoop({ client, supervisor, owed, accounting: driver.accounting }) : null;
  const outside = driver.outside ? new OutsideLoop({ client, accounting: driver.outside }) : null;
  return { records, client, supervisor, sources, telemetry, sync, logs, metrics, artifacts, checkpoints, usage, witness, outside, tunnels };
}

/**
 * Runs until the signal fires, the lock is lost, or the identity is banned and no job is left. Answers the exit code:
 * 0 as asked, 3 banned, 4 lock lost.
 */
export async function runAgent(options: RunOptions): Promise<number> {
  const lock = await takeLock(options.state.lock);
  try {
    return await runLocked(options, lock);
  } finally {
    await lock.release();
  }
}

async function runLocked(options: RunOptions, lock: Lock): Promise<number> {
  const parts = await assemble(options);
  log.info("The agent runs", { agent: options.identity.agentId, server: options.identity.now.url, state: options.state.home, attempts: parts.records.length });
  const loops = new AbortController();
  const deadlines = new AbortController();
  await parts.supervisor.adopt(parts.records);
  const talking = Promise.all([
    parts.sync.run(loops.signal),
    parts.logs.run(loops.signal),
    parts.metrics.run(loops.signal),
    parts.artifacts.run(loops.signal),
    parts.checkpoints.run(loops.signal),
    parts.telemetry.run(loops.signal),
    parts.usage.run(loops.signal),
    parts.witness?.run(loops.signal),
    parts.outside?.run(loops.signal),
  ]);
  const watching = runDeadlines(parts.supervisor, deadlines.signal);
  const code = await waitForEnd(options, lock, parts);
  if (code === 0 && options.stopJobs) await stopAll(parts.supervisor);
  loops.abort();
  deadlines.abort();
  parts.tunnels.close();
  await Promise.race([Promise.all([talking, watching]), pause(3_000)]);
  return code;
}

type Parts = Awaited<ReturnType<typeof assemble>>;

/** Resolves with the exit code once there is a reason to end. */
async function waitForEnd({ signal }: RunOptions, lock: Lock, { client, supervisor, sources }: Parts): Promise<number> {
  let checkedAt = -Infinity;
  let said = false;
  while (!signal.aborted) {
    await pause(500, signal);
    sources.keepOnly(supervisor.records());
    if (performance.now() - checkedAt > LOCK_CHECK_MS) {
      checkedAt = performance.now();
      if (!(await lock.held())) {
        log.error("The lock of the state folder is gone or somebody else's. This agent ends; its jobs go on.");
        return 4;
      }
    }
    if (!client.ban) continue;
    const left = supervisor.running().length;
    if (!said) log.error(`The server has ${client.ban.why} this agent: ${client.ban.message} Nothing more is sent.${left > 0 ? ` It stays for ${left} running ${left === 1 ? "job" : "jobs"}.` : ""}`);
    said = true;
    if (left === 0) return 3;
  }
  return 0;
}

/** Asks every job to end, waits for it, and for the server to hear of it. */
async function stopAll(supervisor: Supervisor): Promise<void> {
  const records = supervisor.running();
  if (records.length === 0) return;
  log.info("Stopping jobs", { count: records.length });
  await Promise.all(records.map((record) => supervisor.requestStop(record.id, "stopped", "The agent was asked to end its jobs.")));
  const grace = Math.max(...records.map((record) => record.spec?.graceSeconds ?? 0));
  const until = performance.now() + grace * 1000 + LEAVE_MS;
  const isSettled = () => records.every((record) => record.ended && (record.acked >= record.report.seq || !supervisor.find(record.id)));
  while (performance.now() < until && !isSettled()) await pause(50);
}
