import { createHash } from "node:crypto";
import { realpath, stat } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { fetchArchive } from "../code/archive.ts";
import { cloneGit } from "../code/git.ts";
import { SetupFailed } from "../code/setup-failed.ts";
import { makeFolder } from "../disk.ts";
import type { Launch } from "../drivers/driver.ts";
import { MPI_ENV, plainCommand } from "../drivers/launchers.ts";
import { processesOf } from "../protocol/ranks.ts";
import { hasRanks } from "../drivers/ranks.ts";
import { inheritedEnv } from "../env.ts";
import type { ServerClient } from "../identity/client.ts";
import type { Account, Policy } from "../policy.ts";
import type { JobSpec } from "../protocol/messages.ts";
import type { StateFolder } from "../state.ts";
import { giveTo, removeTree } from "../trees.ts";
import type { AttemptRecord, Intent } from "./record.ts";
import { restoreCheckpoint } from "./restore.ts";

export interface Surroundings {
  state: StateFolder;
  client: Pick<ServerClient, "send" | "json" | "origin">;
  policy: Policy;
  /** The policy's one account for all jobs. */
  account: Account | null;
  /** The accounts of owners that the policy names. */
  accounts: ReadonlyMap<string, Account>;
  /** Nodes that Drover gives no new work. */
  drainedNodes: () => readonly string[];
}

/** Whose job it is on the host: its owner's account where the policy maps owners, else the policy's, else the agent's own. */
export function accountFor({ accounts, account }: Pick<Surroundings, "accounts" | "account">, spec: Pick<JobSpec, "owner">): Account | null {
  return accounts.get(spec.owner ?? "") ?? accounts.get("*") ?? account;
}

/** Where it saves: kept across the run's attempts, unless the run wants none kept. */
function checkpointFolder({ state }: Pick<Surroundings, "state">, record: AttemptRecord, spec: JobSpec): string {
  return spec.checkpoint ? state.checkpoint(spec.runId) : record.folder.unkept;
}

/** Fills `work/` with the run's code and makes its checkpoint folder. May be repeated: it starts over. Answers the working directory. */
export async function prepareFolders(around: Surroundings, record: AttemptRecord, spec: JobSpec, signal: AbortSignal): Promise<string> {
  const missing = spec.secrets?.missing ?? [];
  if (missing.length > 0) throw new SetupFailed(`secrets: the project has no ${missing.join(", ")} any more that can be opened. Set it again, then retry.`);
  const { work } = record.folder;
  const account = accountFor(around, spec);
  await removeTree(work);
  await makeFolder(work);
  if (spec.code?.kind === "archive") await fetchArchive(around, spec.code.sha256, work, signal);
  if (spec.code?.kind === "git") await cloneGit(spec.code, work, signal, { isOthers: account !== null });
  const checkpoint = checkpointFolder(around, record, spec);
  if (spec.checkpoint) await makeFolder(path.dirname(checkpoint), account ? 0o711 : 0o700);
  else await removeTree(checkpoint);
  await makeFolder(checkpoint);
  await restoreCheckpoint({ ...around, account }, record, spec, signal);
  if (account) {
    await giveTo(work, account);
    await giveTo(checkpoint, account);
  }
  return workingDirectory(record, spec);
}

/** The folder the command starts in: `work/`, or the subdirectory of a git source. @throws SetupFailed where that leaves the code. */
export async function workingDirectory(record: AttemptRecord, spec: JobSpec): Promise<string> {
  const { work } = record.folder;
  const below = spec.code?.kind === "git" ? spec.code.subdirectory : undefined;
  if (!below) return work;
  const root = await realpath(work);
  const wanted = await realpath(path.resolve(work, below)).catch(() => null);
  if (wanted === null || !(await stat(wanted)).isDirectory()) throw new SetupFailed(`code.subdirectory: there is no folder "${below}" in the repository.`);
  if (wanted !== root && !wanted.startsWith(root + path.sep)) throw new SetupFailed(`code.subdirectory: "${below}" leads out of the repository.`);
  return wanted;
}

/** A port that was free a moment ago, for MASTER_PORT. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** Everything the process finds in its environment. The run's own variables win over the host's; Drover's win over both. */
export function environmentOf(around: Surroundings, record: AttemptRecord, spec: JobSpec, intent: Intent): Record<string, string> {
  const { policy } = around;
  const account = accountFor(around, spec);
  return {
    ...inheritedEnv(policy.envPassed),
    ...(account ? { HOME: account.home, USER: account.name, LOGNAME: account.name } : {}),
    PYTHONUNBUFFERED: "1",
    ...trackingVariables(around, spec),
    ...spec.env,
    ...record.secrets,
    ...rankVariables(spec, intent),
    ...appVariables(spec, intent),
    ...intent.variables,
    CUDA_VISIBLE_DEVICES: (intent.visible ?? intent.accelerators).join(","),
    DROVER_RUN_ID: spec.runId,
    DROVER_RUN_NAME: spec.runName,
    DROVER_PROJECT: spec.project,
    DROVER_ATTEMPT: String(spec.attemptNumber),
    DROVER_ATTEMPT_ID: record.id,
    DROVER_CHECKPOINT_DIR: checkpointFolder(around, record, spec),
    DROVER_PARAMS: JSON.stringify(spec.params),
    DROVER_NODE_RANK: "0",
    DROVER_NUM_NODES: String(spec.nodes),
    DROVER_PROCESSES_PER_NODE: String(processesOf(spec)),
  };
}

/** So that `mlflow.start_run()` logs to this run. A run that names a tracking server of its own keeps it, and gets none of ours. */
function trackingVariables({ client }: Surroundings, { runId, tracking, env }: JobSpec): Record<string, string> {
  if (!tracking || "MLFLOW_TRACKING_URI" in env) return {};
  return { MLFLOW_TRACKING_URI: new URL(tracking.path, client.origin).href, MLFLOW_TRACKING_TOKEN: tracking.token, MLFLOW_RUN_ID: runId, MLFLOW_EXPERIMENT_ID: tracking.experimentId };
}

/** Where to listen, and what callers must name. Jupyter asks for its token by itself. */
function appVariables({ interactive }: JobSpec, { appPort }: Intent): Record<string, string> {
  if (!interactive || appPort === undefined) return {};
  return { DROVER_PORT: String(appPort), DROVER_APP_TOKEN: interactive.token, JUPYTER_TOKEN: interactive.token };
}

/** A port for an app on whatever machine the scheduler chooses: below those that systems hand out themselves, told by the attempt's id. */
export function likelyPort(attemptId: string): number {
  return 20_000 + (createHash("sha256").update(attemptId).digest().readUInt32BE(0) % 12_000);
}

/** torchrun sets them for each of its workers itself; of several ranks each learns its own from its companion. */
function rankVariables(spec: JobSpec, intent: Intent): Record<string, string> {
  if (spec.launcher === "torchrun" || intent.port === null) return {};
  const meet = { MASTER_ADDR: "127.0.0.1", MASTER_PORT: String(intent.port) };
  if (hasRanks({ launcher: spec.launcher, nodes: spec.nodes, processes: processesOf(spec) })) return { ...meet, ...(spec.launcher === "mpi" ? MPI_ENV : {}) };
  return { ...meet, ...(spec.launcher === "mpi" ? MPI_ENV : {}), WORLD_SIZE: "1", RANK: "0", LOCAL_RANK: "0", LOCAL_WORLD_SIZE: "1", NODE_RANK: "0" };
}

export function launchOf(around: Surroundings, record: AttemptRecord, spec: JobSpec, intent: Intent, workingDirectory: string): Launch {
  return {
    attemptId: record.id,
    folder: record.folder.home,
    command: plainCommand(spec),
    env: environmentOf(around, record, spec, intent),
    workingDirectory,
    memoryMib: spec.memoryMib,
    runAs: accountFor(around, spec),
    ask: {
      title: `${spec.project}/${spec.runName}`,
      launcher: spec.launcher,
      nodes: spec.nodes,
      minNodes: Math.min(spec.minNodes ?? spec.nodes, spec.nodes),
      processes: processesOf(spec),
      restarts: spec.workerRestarts ?? 0,
      cpus: spec.cpus,
      gpus: spec.gpus,
      gpuModel: spec.gpuModel,
      maxSeconds: spec.maxDurationSeconds,
      graceSeconds: spec.graceSeconds,
      excludeNodes: [...new Set([...(spec.excludeNodes ?? []), ...around.drainedNodes()])],
      overrides: spec.overrides,
    },
  };
}
