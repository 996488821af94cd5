import { readdir, realpath, stat } from "node:fs/promises";
import path from "node:path";
import type { AttemptRecord } from "../attempts/record.ts";
import type { Supervisor } from "../attempts/supervisor.ts";
import { pause } from "../backoff.ts";
import { putFile } from "../code/objects.ts";
import { failpoint } from "../failpoint.ts";
import type { ServerClient } from "../identity/client.ts";
import { Refused } from "../identity/refusals.ts";
import { log } from "../log.ts";
import { AGENT_PATHS, LIMITS, Ok } from "../protocol/messages.ts";
import type { StateFolder } from "../state.ts";
import { forever, inTurns } from "./loop.ts";

const LOOK_MS = 1_000;
/** A folder that changed under the upload is looked at again after this long. */
const AGAIN_MS = 5_000;

interface Standing {
  path: string;
  file: string;
  /** Changes when the file does. */
  mark: string;
}

export interface CheckpointsParts {
  client: Pick<ServerClient, "send" | "json" | "outage">;
  supervisor: Supervisor;
  state: Pick<StateFolder, "checkpoint">;
}

/** What this agent knows of one attempt's folder; forgotten with the process, and then only sent again. */
interface Known {
  dueAt: number;
  /** Of the folder as the server has it. */
  sent: string | null;
  objects: Map<string, { sha256: string; bytes: number }>;
}

/**
 * Keeps the checkpoints of running and of failed attempts in the object store, so that they go on elsewhere: while they run
 * as often as the server asks, and once more at their end. Only a folder that stood still from first to last byte counts.
 */
export class CheckpointsLoop {
  private readonly parts: CheckpointsParts;
  private readonly known = new Map<string, Known>();

  constructor(parts: CheckpointsParts) {
    this.parts = parts;
  }

  run(signal: AbortSignal): Promise<void> {
    return forever("checkpoints", signal, async () => {
      const records = this.parts.supervisor.records();
      for (const id of this.known.keys()) if (!records.some((record) => record.id === id)) this.known.delete(id);
      await inTurns(records, signal, (record) => this.look(record, signal));
      await pause(LOOK_MS, signal);
    }, this.parts.client.outage);
  }

  private async look(record: AttemptRecord, signal: AbortSignal): Promise<void> {
    const sync = record.spec?.checkpointSync;
    if (!sync || record.orphan || record.checkpointDone || (record.report.startedAt === null && !record.ended)) return;
    const known = this.known.get(record.id) ?? { dueAt: performance.now() + sync.everySeconds * 1000, sent: null, objects: new Map() };
    this.known.set(record.id, known);
    if (!record.ended && performance.now() < known.dueAt) return;
    known.dueAt = performance.now() + ((await this.send(record, known, signal)) ? sync.everySeconds * 1000 : AGAIN_MS);
  }

  /** @returns false where it has to be looked at again soon. */
  private async send(record: AttemptRecord, known: Known, signal: AbortSignal): Promise<boolean> {
    const final = record.ended;
    const folder = this.parts.state.checkpoint(record.spec!.runId);
    const before = await standing(folder);
    if (before.length > LIMITS.artifactCount) log.warn(`A checkpoint has more than ${LIMITS.artifactCount} files and is not kept outside of this cluster`, { attempt: record.id });
    // An attempt that never ran leaves what the one before it left; nothing at all is nothing to go on from.
    if (before.length === 0 || before.length > LIMITS.artifactCount || (final && record.report.startedAt === null)) return this.done(record, final);
    const mark = markOf(before);
    if (known.sent === mark && !final) return true;
    const isRemembered = known.objects.size > 0;
    const files: { path: string; sha256: string; bytes: number }[] = [];
    for (const one of before) {
      const object = known.objects.get(`${one.path} ${one.mark}`) ?? (await putFile(this.parts.client, one.file, signal));
      if (!object) return final ? this.done(record, true) : false;
      known.objects.set(`${one.path} ${one.mark}`, object);
      files.push({ path: one.path, ...object });
    }
    if (markOf(await standing(folder)) !== mark) return false; // something was written meanwhile: half of one and half of another is no checkpoint
    if (!(await this.sendManifest(record, files, final, signal))) {
      known.objects.clear();
      if (isRemembered) return false; // the server may have let go what was sent long ago: all of it once more
    }
    known.sent = mark;
    for (const key of known.objects.keys()) if (!before.some((one) => key === `${one.path} ${one.mark}`)) known.objects.delete(key);
    failpoint("agent.checkpoint.after-manifest");
    return this.done(record, final);
  }

  private async done(record: AttemptRecord, final: boolean): Promise<true> {
    if (final) await record.saveCheckpointDone();
    return true;
  }

  /** What the server will never take is not sent again: a checkpoint without one of its files is none. @returns whether it was taken. */
  private async sendManifest(record: AttemptRecord, files: { path: string; sha256: string; bytes: number }[], final: boolean, signal: AbortSignal): Promise<boolean> {
    try {
      await this.parts.client.json(AGENT_PATHS.checkpoint, { attemptId: record.id, fence: record.fence, files, final }, Ok, signal);
      return true;
    } catch (error) {
      if (!(error instanceof Refused) || !["stale_fence", "bad_request", "too_large"].includes(error.code)) throw error;
      if (error.code === "stale_fence") await this.parts.supervisor.abandon(record.id, error.message);
      else log.warn("A checkpoint was refused and is not kept outside of this cluster", { attempt: record.id, reason: error.message });
      return false;
    }
  }
}

/** Every regular file below a folder, sorted; links and what they lead to are left out. Empty where there is no folder. */
async function standing(named: string): Promise<Standing[]> {
  const folder = await realpath(named).catch(() => named);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const found: Standing[] = [];
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const info = await stat(file).catch(() => null);
    if (info) found.push({ path: path.relative(folder, file).split(path.sep).join("/"), file, mark: `${info.size} ${info.mtimeMs} ${info.ino}` });
  }
  return found.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

const markOf = (files: readonly Standing[]): string => files.map((one) => `${one.path} ${one.mark}`).join("\n");
