import { chmod, readdir, rm, rmdir, stat } from "node:fs/promises";
import path from "node:path";
import { makeFolder, readJson, writeJson } from "../disk.ts";
import { failpoint } from "../failpoint.ts";
import { log, reason } from "../log.ts";
import type { AttemptReport, Desired } from "../protocol/messages.ts";
import { attemptFolder, safeName, type StateFolder } from "../state.ts";
import { removeTree } from "../trees.ts";
import { AttemptRecord, Tombstone } from "./record.ts";

/** An attempt that ended is remembered this long, so that an order for it that arrives late starts nothing. */
const REMEMBER_MS = 30 * 24 * 3_600_000;

/** Every attempt this agent knows, on disk. */
export class Journal {
  readonly state: StateFolder;
  private readonly boot: string;
  private readonly folderMode: number;
  /** The attempts of each run that are here: only the last of them may take the run's folder along. */
  private readonly ofRun = new Map<string, Set<string>>();
  /** Runs whose folder is on its way out: their next attempt waits until it is gone. */
  private readonly leaving = new Map<string, Promise<void>>();

  /** @param folderMode 0o711 where jobs run as another account and must pass through. */
  constructor(state: StateFolder, boot: string, folderMode = 0o700) {
    this.state = state;
    this.boot = boot;
    this.folderMode = folderMode;
  }

  async open(): Promise<AttemptRecord[]> {
    for (const folder of [this.state.home, this.state.attempts, this.state.runs]) {
      await makeFolder(folder, this.folderMode);
      await chmod(folder, this.folderMode); // it may be from before the policy named another account
    }
    for (const folder of [this.state.ended, this.state.cache]) await makeFolder(folder);
    await this.forgetOld();
    const found: AttemptRecord[] = [];
    for (const name of await readdir(this.state.attempts)) {
      if (await this.finishForgetting(name)) continue;
      const record = await AttemptRecord.load(this.state, name, this.boot).catch((error: unknown) => void log.warn("An attempt's folder cannot be read", { folder: name, reason: reason(error) }));
      if (!record) continue;
      this.arrives(record);
      found.push(record);
    }
    return found;
  }

  /** Journals an order before anything is done about it. */
  async accept(desired: Desired): Promise<AttemptRecord> {
    await makeFolder(attemptFolder(this.state, desired.attemptId).home, this.folderMode);
    const record = await AttemptRecord.create(this.state, desired, this.boot);
    this.arrives(record);
    if (record.spec) await this.leaving.get(record.spec.runId);
    return record;
  }

  /** The last report of an attempt that is over and forgotten; undefined where it never was here. */
  async tombstone(attemptId: string): Promise<{ report: AttemptReport | null } | undefined> {
    const read = await readJson(this.tombstoneFile(attemptId), Tombstone);
    if (read.kind === "corrupt") return { report: null };
    return read.kind === "ok" ? read.value : undefined;
  }

  /** Notes for good that this attempt is over here; it will never start. */
  async bury(attemptId: string, report: AttemptReport | null): Promise<void> {
    failpoint("agent.journal.before-tombstone");
    await writeJson(this.tombstoneFile(attemptId), { report, at: Date.now() });
    failpoint("agent.journal.after-tombstone");
  }

  /** Buries it and frees its disk. The run's checkpoint folder stays for the next attempt. */
  async forget(record: AttemptRecord): Promise<void> {
    await this.bury(record.id, record.orphan ? null : record.report);
    await removeTree(record.folder.home).catch((error: unknown) => log.warn("Cannot remove an attempt's folder", { attempt: record.id, reason: reason(error) }));
    if (record.spec) await this.leaves(record.id, record.spec.runId);
    failpoint("agent.journal.after-forget");
  }

  private arrives({ id, spec }: AttemptRecord): void {
    if (spec) this.ofRun.set(spec.runId, (this.ofRun.get(spec.runId) ?? new Set()).add(id));
  }

  private async leaves(id: string, runId: string): Promise<void> {
    const here = this.ofRun.get(runId);
    here?.delete(id);
    if (here && here.size > 0) return; // a next attempt has its checkpoint there, or is about to
    this.ofRun.delete(runId);
    const gone = this.dropEmptyCheckpoint(runId).finally(() => this.leaving.delete(runId));
    this.leaving.set(runId, gone);
    await gone;
  }

  /** A folder beside its tombstone is half removed: what is left of it must not look like an attempt that has yet to start. */
  private async finishForgetting(name: string): Promise<boolean> {
    const buried = await this.tombstone(name).catch(() => undefined);
    if (!buried) return false;
    await removeTree(path.join(this.state.attempts, name)).catch((error: unknown) => log.warn("Cannot remove an attempt's folder", { attempt: name, reason: reason(error) }));
    return true;
  }

  /** Most runs save nothing there; rmdir takes only what is empty. */
  private async dropEmptyCheckpoint(runId: string): Promise<void> {
    const checkpoint = this.state.checkpoint(runId);
    await rmdir(checkpoint)
      .then(() => rmdir(path.dirname(checkpoint)))
      .catch(() => {});
  }

  private tombstoneFile(attemptId: string): string {
    return path.join(this.state.ended, `${safeName(attemptId)}.json`);
  }

  private async forgetOld(): Promise<void> {
    for (const name of await readdir(this.state.ended)) {
      const file = path.join(this.state.ended, name);
      const age = Date.now() - ((await stat(file).catch(() => null))?.mtimeMs ?? Date.now());
      if (age > REMEMBER_MS) await rm(file, { force: true });
    }
  }
}
