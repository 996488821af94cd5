import { link, lstat, mkdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { leaves } from "../code/archive.ts";
import { fetchObject, hashOf } from "../code/objects.ts";
import { SetupFailed } from "../code/setup-failed.ts";
import { makeFolder } from "../disk.ts";
import { NotNow } from "../drivers/driver.ts";
import { failpoint } from "../failpoint.ts";
import { log } from "../log.ts";
import { AGENT_PATHS, type JobSpec, Restored } from "../protocol/messages.ts";
import { removeTree } from "../trees.ts";
import type { Surroundings } from "./prepare.ts";
import type { AttemptRecord } from "./record.ts";

/**
 * Where the attempt before this one ran on another cluster: the run's checkpoint folder becomes what that one left in the object
 * store. What lies here already and is the same is not fetched again; anything else that lies here is older, and goes. May be
 * repeated at any point: the folder changes in one step, after everything has come.
 * @throws NotNow while the other attempt still sends its checkpoint; SetupFailed where it cannot be had.
 */
export async function restoreCheckpoint({ state, client, account }: Pick<Surroundings, "state" | "client" | "account">, record: AttemptRecord, spec: JobSpec, signal: AbortSignal): Promise<void> {
  const from = spec.checkpointSync?.from;
  if (!from) return;
  const { ready, attemptNumber, files } = await client.json(AGENT_PATHS.restore, { attemptId: record.id, fence: record.fence }, Restored, signal);
  if (!ready) throw new NotNow(`Attempt ${from.attemptNumber} still sends its checkpoint.`);
  if (attemptNumber === null) return void log.warn("No checkpoint was kept outside of the cluster of the attempt before", { attempt: record.id, from: from.attemptNumber });
  const folder = state.checkpoint(spec.runId);
  const uid = account?.uid ?? process.getuid?.() ?? 0;
  const [coming, old] = [`${folder}.coming`, `${folder}.old`];
  await removeTree(coming);
  await makeFolder(coming);
  for (const file of files) {
    if (leaves(file.path) || file.path.includes("\\")) throw new SetupFailed(`checkpoint: "${file.path.slice(0, 200)}" leads out of the folder.`);
    await takeOver(client, { here: path.join(folder, file.path), there: path.join(coming, file.path), uid, ...file }, signal);
  }
  failpoint("agent.checkpoint.after-fetch");
  await removeTree(old);
  if (await stat(folder).catch(() => null)) await rename(folder, old);
  failpoint("agent.checkpoint.between-renames");
  await rename(coming, folder);
  await removeTree(old);
  log.info("A checkpoint was taken over from another cluster", { attempt: record.id, from: attemptNumber, files: files.length });
}

interface Wanted {
  here: string;
  there: string;
  /** Whose the checkpoint is. */
  uid: number;
  sha256: string;
  bytes: number;
}

async function takeOver(client: Surroundings["client"], { here, there, uid, sha256, bytes }: Wanted, signal: AbortSignal): Promise<void> {
  await mkdir(path.dirname(there), { recursive: true, mode: 0o700 });
  if (await linked(here, there, uid) && (await stat(there)).size === bytes && (await hashOf(there).catch(() => null))?.sha256 === sha256) return;
  await rm(there, { force: true });
  await fetchObject(client, sha256, there, "checkpoint", signal);
}

/** Whether a file of the account's own has a second name now. Looked at under that name: the first may lead anywhere, and elsewhere a moment later. */
async function linked(here: string, there: string, uid: number): Promise<boolean> {
  const made = await link(here, there).then(() => true, () => false);
  if (!made) return false;
  const info = await lstat(there);
  return info.isFile() && info.uid === uid;
}
