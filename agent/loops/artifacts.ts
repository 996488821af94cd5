import { lstat, realpath } from "node:fs/promises";
import path from "node:path";
import { workingDirectory } from "../attempts/prepare.ts";
import type { AttemptRecord } from "../attempts/record.ts";
import type { Supervisor } from "../attempts/supervisor.ts";
import type { Bell } from "../backoff.ts";
import { putFile } from "../code/objects.ts";
import { failpoint } from "../failpoint.ts";
import { listMatching } from "../globs.ts";
import type { ServerClient } from "../identity/client.ts";
import { Refused } from "../identity/refusals.ts";
import { log } from "../log.ts";
import { AGENT_PATHS, LIMITS, Ok } from "../protocol/messages.ts";
import { LogsLoop } from "./logs.ts";
import { forever, inTurns } from "./loop.ts";
import { MetricsLoop } from "./metrics.ts";

const IDLE_MS = 250;
/** What the message that names files says of each besides its path, and of the attempt. */
const REST_BYTES = 140;

export interface Found {
  /** Relative to the working directory, with forward slashes. */
  path: string;
  file: string;
  bytes: number;
}

/**
 * Regular files below `root` that a pattern names, sorted. Nothing outside it: no parent folders, no links, nor anything
 * behind a linked folder. `left` says what was left out and why.
 */
export async function findArtifacts(root: string, patterns: readonly string[]): Promise<{ found: Found[]; left: string[] }> {
  const home = await realpath(root);
  const safe = patterns.filter((pattern) => !path.isAbsolute(pattern) && !pattern.split(/[\\/]/).includes(".."));
  const left = patterns.filter((pattern) => !safe.includes(pattern)).map((pattern) => `pattern "${pattern}" leads out of the working directory`);
  const { names, left: misunderstood } = await listMatching(home, safe);
  left.push(...misunderstood);
  const found: Found[] = [];
  let toldBytes = REST_BYTES;
  for (const name of names) {
    const file = path.join(home, name);
    const info = await lstat(file).catch(() => null);
    if (!info?.isFile() || !(await realpath(file)).startsWith(home + path.sep)) continue;
    if (name.length > 1024 || info.size > LIMITS.artifactBytes) left.push(`${name.slice(0, 200)} is too large or its name too long`);
    else if (found.length >= LIMITS.artifactCount) left.push(`${name} is over the limit of ${LIMITS.artifactCount} files`);
    else if ((toldBytes += Buffer.byteLength(JSON.stringify(name)) + REST_BYTES) > LIMITS.jsonBody) left.push(`${name.slice(0, 200)} is over what one message can name`);
    else found.push({ path: name, file, bytes: info.size });
  }
  return { found, left };
}

export interface ArtifactsParts {
  client: ServerClient;
  supervisor: Supervisor;
  bytes: Bell;
  news: Bell;
}

/** After an attempt's end: uploads what its run named, then says that everything of it is with the server. */
export class ArtifactsLoop {
  private readonly parts: ArtifactsParts;

  constructor(parts: ArtifactsParts) {
    this.parts = parts;
  }

  run(signal: AbortSignal): Promise<void> {
    const uploads = forever("artifacts", signal, async () => {
      await inTurns(this.ended().filter((record) => !record.artifactsDone), signal, (record) => this.upload(record, signal));
      await this.parts.bytes.wait(IDLE_MS, signal);
    }, this.parts.client.outage);
    const drains = forever("drain", signal, async () => {
      await inTurns(this.ended(), signal, (record) => this.noteDrained(record));
      await this.parts.bytes.wait(IDLE_MS, signal);
    });
    return Promise.all([uploads, drains]).then(() => {});
  }

  private ended(): AttemptRecord[] {
    return this.parts.supervisor.records().filter((record) => record.ended && !record.orphan);
  }

  /** Tells the server once logs, metrics, usage, artifacts and the checkpoint are all acknowledged. */
  async noteDrained(record: AttemptRecord): Promise<void> {
    if (record.report.drained || !record.artifactsDone || !record.checkpointDone || !record.usageDone) return;
    if (!(await LogsLoop.isDone(record)) || !(await MetricsLoop.isDone(record))) return;
    await record.saveReport({ drained: true });
    this.parts.news.ring();
  }

  /** May be repeated: objects are named by their content and the manifest replaces itself. */
  async upload(record: AttemptRecord, signal: AbortSignal): Promise<void> {
    const { spec, intent } = record;
    if (!spec || !intent || spec.artifacts.length === 0) return record.saveArtifactsDone(0);
    const root = await workingDirectory(record, spec).catch(() => null);
    const { found, left } = root === null ? { found: [], left: [] } : await findArtifacts(root, spec.artifacts).catch(() => ({ found: [], left: [] }));
    if (left.length > 0) log.warn("Artifacts were left out", { attempt: record.id, left: left.slice(0, 20) });
    const files: { path: string; sha256: string; bytes: number }[] = [];
    for (const each of found) {
      const object = await putFile(this.parts.client, each.file, signal);
      if (object) files.push({ path: each.path, ...object });
    }
    if (!(await this.sendManifest(record, files, signal))) return;
    failpoint("agent.artifacts.after-manifest");
    await record.saveArtifactsDone(files.length);
  }

  /** False where the attempt was given up. A file whose name the server refuses is left out, not the rest with it. */
  private async sendManifest(record: AttemptRecord, files: { path: string; sha256: string; bytes: number }[], signal: AbortSignal): Promise<boolean> {
    for (;;) {
      try {
        await this.parts.client.json(AGENT_PATHS.artifacts, { attemptId: record.id, fence: record.fence, files }, Ok, signal);
        return true;
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        if (error.code === "stale_fence") {
          await this.parts.supervisor.abandon(record.id, error.message);
          return false;
        }
        const bad = /^files\.(\d+)\b/.exec(error.refusal.field ?? "")?.[1];
        if (error.code !== "bad_request" || bad === undefined || files[Number(bad)] === undefined) throw error;
        log.warn("An artifact's name was refused", { attempt: record.id, file: files[Number(bad)]?.path, reason: error.message });
        files.splice(Number(bad), 1);
      }
    }
  }
}
