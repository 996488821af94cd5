import { SetupFailed } from "../code/setup-failed.ts";
import { NotNow, type Observation, type SchedulerWord } from "../drivers/driver.ts";
import { failpoint } from "../failpoint.ts";
import { mayPass } from "../identity/refusals.ts";
import { devicesOf } from "../inventory/inventory.ts";
import { log, reason } from "../log.ts";
import { refusalOf, withinPolicy } from "../policy.ts";
import type { AttemptReport, Desired, JobSpec } from "../protocol/messages.ts";
import { rankLogsOf } from "../spool/rank-logs.ts";
import { chooseAccelerators, heldBy } from "./claims.ts";
import { lastWordOf, neverRan, notPrepared } from "./ending.ts";
import { graceEnd, limitEnd, type Live, liveOf, placeOf, type SupervisorParts } from "./live.ts";
import { freePort, launchOf, likelyPort, prepareFolders, workingDirectory } from "./prepare.ts";
import type { AttemptRecord } from "./record.ts";
import { noteUse, noteUseEnd } from "./usage.ts";

const RETRY_SETUP_MS = 2_000;
const notStopped = (attempt: string) => (error: unknown) => log.warn("An attempt could not be stopped; it is tried again", { attempt, reason: reason(error) });

/** Brings every attempt from what is journaled to what is wanted. Level-triggered: each step looks at the world anew. */
export class Supervisor {
  private readonly parts: SupervisorParts;
  private readonly live = new Map<string, Live>();
  /** Last words of attempts that are over and forgotten here, but that the server asks for again. */
  readonly ghosts = new Map<string, AttemptReport>();

  constructor(parts: SupervisorParts) {
    this.parts = parts;
    parts.driver.onChange((attemptId) => this.poke(attemptId));
  }

  /** Takes up what an earlier agent left: adopts live processes, notices ends that it missed. */
  async adopt(records: AttemptRecord[]): Promise<void> {
    for (const record of records) this.live.set(record.id, liveOf(record));
    for (const record of records) {
      // The last agent may have died between the order and the signal.
      if (record.stop && record.intent && !record.ended) await this.parts.driver.stop(record.id, record.folder.home, "ask");
    }
    await Promise.all(records.map((record) => this.step(record.id)));
  }

  records(): AttemptRecord[] {
    return [...this.live.values()].map(({ record }) => record);
  }

  /** Attempts whose process may live. */
  running(): AttemptRecord[] {
    return this.records().filter((record) => !record.ended);
  }

  find(attemptId: string): AttemptRecord | undefined {
    return this.live.get(attemptId)?.record;
  }

  /** Accelerator index → attempt that holds it. */
  holders(): Map<number, string> {
    const held = new Map<number, string>();
    for (const { record, reserved } of this.live.values()) {
      if (record.ended) continue;
      for (const index of record.intent?.accelerators ?? reserved ?? []) held.set(index, record.id);
    }
    return held;
  }

  /**
   * The whole of what the server wants. Resolves when every order is journaled, not when it is carried out.
   * @throws where an order could not be journaled: the server is then asked for all of it again.
   */
  async apply(desired: readonly Desired[]): Promise<void> {
    const wanted = new Set(desired.map((one) => one.attemptId));
    for (const one of desired) await this.applyOne(one);
    for (const record of this.running()) if (!wanted.has(record.id)) await this.abandon(record.id, "The server no longer wants this attempt.");
  }

  private async applyOne(one: Desired): Promise<void> {
    const known = this.live.get(one.attemptId)?.record;
    if (known) {
      if (BigInt(one.fence) > BigInt(known.fence)) await known.saveFence(one.fence);
      if (one.action === "stop") await this.requestStop(one.attemptId, "stopped", one.reason ? `Stopped: ${one.reason}.` : "Stopped.");
      return;
    }
    const buried = await this.parts.journal.tombstone(one.attemptId);
    if (buried?.report) this.ghosts.set(one.attemptId, { ...buried.report, fence: one.fence });
    if (buried || (one.action === "run" && !one.spec)) return; // over, or not wanted enough to say how
    const record = await this.parts.journal.accept(one);
    if (one.action === "stop") await record.saveStop({ cause: "stopped", reason: "Stopped before it started." });
    this.live.set(record.id, liveOf(record));
    this.poke(record.id);
    this.parts.news.ring();
  }

  /** Stale fence, or absent from what is wanted: ends it and says no more about it. */
  async abandon(attemptId: string, why: string): Promise<void> {
    const live = this.live.get(attemptId);
    if (!live || live.record.orphan) return;
    log.warn("Stopping an attempt that is not wanted any more", { attempt: attemptId, why });
    live.record.orphan = true;
    if (live.record.ended) return live.record.usageDone ? this.forget(attemptId) : undefined; // the usage loop lets it go
    await this.requestStop(attemptId, "stopped", why);
  }

  /** Journals the order, then asks the process to end. Its grace runs from here; the deadlines loop ends it. */
  async requestStop(attemptId: string, cause: "stopped" | "timeout", why: string): Promise<void> {
    const live = this.live.get(attemptId);
    if (!live || live.record.ended || live.record.stop) return;
    await live.record.saveStop({ cause, reason: why });
    live.killAt = graceEnd(live.record);
    live.setup.abort();
    if (live.record.intent) await this.parts.driver.stop(attemptId, live.record.folder.home, "ask");
    failpoint("agent.stop.after-term");
    this.poke(attemptId);
  }

  /** Limits of time that have run out: of the run, and of the grace after a stop. Called a few times a second. */
  async enforce(): Promise<void> {
    for (const live of this.live.values()) await this.enforceOn(live).catch(notStopped(live.record.id));
  }

  private async enforceOn({ record, killing, killAt, limitAt }: Live): Promise<void> {
    if (record.ended || !record.spec) return;
    if (limitAt !== null && performance.now() > limitAt) await this.requestStop(record.id, "timeout", `Its limit of ${record.spec.maxDurationSeconds} s ran out.`);
    if (killAt !== null && record.intent && !killing && performance.now() >= killAt) void this.killNow(record.id).catch(notStopped(record.id)); // may take long: the others do not wait for it
  }

  private async killNow(attemptId: string): Promise<void> {
    const live = this.live.get(attemptId);
    if (!live || live.killing) return;
    live.killing = true;
    try {
      await this.parts.driver.stop(attemptId, live.record.folder.home, "kill");
      failpoint("agent.stop.after-kill");
    } finally {
      live.killing = false;
      this.poke(attemptId);
    }
  }

  /** Looks at every living attempt once. */
  async lookAtAll(): Promise<void> {
    await Promise.all(this.running().map((record) => this.step(record.id)));
  }

  /** Steps soon, without waiting for it. */
  poke(attemptId: string): void {
    void this.step(attemptId);
  }

  private async step(attemptId: string): Promise<void> {
    const live = this.live.get(attemptId);
    if (!live) return;
    if (live.stepping) {
      live.again = true;
      return;
    }
    live.stepping = true;
    try {
      do {
        live.again = false;
        await this.advance(live);
      } while (live.again);
    } catch (error) {
      log.error("A step on an attempt failed; it is tried again", { attempt: attemptId, reason: reason(error) });
    } finally {
      live.stepping = false;
    }
  }

  private async advance(live: Live): Promise<void> {
    const { record } = live;
    if (record.ended || live.retryAt > performance.now()) return;
    if (record.intent === null) return record.stop ? this.stopUnstarted(live) : this.start(live);
    const seen = await this.parts.driver.observe(record.id, record.folder.home);
    if (seen.state === "absent") return record.stop ? this.stopUnstarted(live) : this.launch(live);
    if (seen.state === "running") return this.noteRunning(live, seen);
    if (seen.state === "ended") return this.noteEnd(live, seen);
    if (seen.scheduler) return this.noteScheduler(record, seen.scheduler); // it may wait for long: the loop looks again
    setTimeout(() => this.poke(record.id), 15); // starting: the shell is a few milliseconds away
  }

  private async noteScheduler(record: AttemptRecord, word: SchedulerWord): Promise<void> {
    if (JSON.stringify(record.report.scheduler ?? null) === JSON.stringify(word)) return;
    await record.saveReport({ scheduler: word });
    this.parts.news.ring();
  }

  /** Never started: makes sure that it never will, and says so. */
  private async stopUnstarted(live: Live): Promise<void> {
    const { record } = live;
    if (!(await this.parts.driver.preclude(record.id, record.folder.home))) {
      if (record.intent === null) await record.saveIntent({ at: Date.now(), accelerators: [], port: null });
      live.again = true; // it was started after all: observe it
      return;
    }
    await this.finish(live, { exit: neverRan(this.parts.clock, record.stop?.cause ?? "stopped", `${record.stop?.reason ?? "Stopped."} It had not started.`) });
  }

  private async start(live: Live): Promise<void> {
    const { record } = live;
    const { spec } = record;
    if (!spec) return;
    const others = this.running().filter((each) => each.id !== record.id);
    const forbidden = refusalOf(this.parts.around.policy, spec, heldBy(others), Object.keys(record.secrets));
    if (forbidden) return this.finish(live, { state: "refused", exit: neverRan(this.parts.clock, "policy", forbidden) });
    try {
      live.reserved = this.parts.driver.placesItself ? [] : await this.reserve(spec);
      await prepareFolders(this.parts.around, record, spec, live.setup.signal);
      const port = spec.launcher === "torchrun" ? null : await freePort();
      const appPort = spec.interactive ? { appPort: this.parts.driver.placesItself ? likelyPort(record.id) : await freePort() } : {};
      await record.saveIntent({ at: Date.now(), accelerators: live.reserved, ...(await devicesOf(live.reserved, this.parts.around.policy.shared ?? [])), port, ...appPort });
    } catch (error) {
      return this.setupFailed(live, error);
    }
    await this.launch(live);
  }

  private async launch(live: Live): Promise<void> {
    const { record, setup } = live;
    if (!record.spec || !record.intent || setup.signal.aborted) {
      live.again = true;
      return;
    }
    try {
      const launch = launchOf(this.parts.around, record, record.spec, record.intent, await workingDirectory(record, record.spec));
      await this.parts.driver.submit(launch);
    } catch (error) {
      return this.setupFailed(live, error);
    }
    live.again = true; // look at once
  }

  /** The network's fault: again in a moment. Anything else is told to the person who asked. */
  private async setupFailed(live: Live, error: unknown): Promise<void> {
    const { record } = live;
    live.reserved = null;
    if (record.stop) {
      live.again = true;
      return;
    }
    if ((mayPass(error) || error instanceof NotNow) && !(error instanceof SetupFailed)) {
      live.retryAt = performance.now() + RETRY_SETUP_MS;
      log.info("An attempt cannot be started yet", { attempt: record.id, reason: reason(error) });
      return;
    }
    if (!(await this.parts.driver.preclude(record.id, record.folder.home))) {
      live.again = true;
      return;
    }
    await this.finish(live, { exit: await notPrepared(this.parts.clock, record, error) });
  }

  private async reserve(spec: JobSpec): Promise<number[]> {
    if (spec.gpus === 0) return [];
    const [node] = await this.parts.driver.inventory(this.holders());
    // Read again: another attempt may have chosen while we looked. From here to the choice nothing waits.
    return chooseAccelerators(spec, node && withinPolicy(this.parts.around.policy, node), this.holders(), this.running());
  }

  private async noteRunning(live: Live, seen: Extract<Observation, { state: "running" }>): Promise<void> {
    const { record } = live;
    live.limitAt ??= limitEnd(record, this.parts.clock, seen.startedAt);
    if (record.report.state === "running") return seen.scheduler && this.noteScheduler(record, seen.scheduler); // its own files may have shown the start before the scheduler listed it
    const place = placeOf(this.parts, record, seen);
    await noteUse(this.parts, record, seen.startedAt, place);
    await record.saveReport({ state: "running", startedAt: this.parts.clock.fromLocal(seen.startedAt), ...place });
    failpoint("agent.launch.after-running");
    this.parts.news.ring();
    this.parts.bytes.ring();
  }

  private async noteEnd(live: Live, seen: Extract<Observation, { state: "ended" }>): Promise<void> {
    const { record } = live;
    failpoint("agent.exit.before-sweep");
    await this.parts.driver.sweep(record.id, record.folder.home);
    failpoint("agent.exit.after-sweep");
    const after = await this.parts.driver.observe(record.id, record.folder.home); // what the sweep saw of memory counts too
    const ended = after.state === "ended" ? after.ended : seen.ended;
    const startedAt = record.report.startedAt ?? (seen.startedAt === null ? null : this.parts.clock.fromLocal(seen.startedAt));
    await rankLogsOf(record)?.finish();
    const place = placeOf(this.parts, record, seen);
    await noteUseEnd(this.parts, record, seen.startedAt, ended, place);
    await this.finish(live, { startedAt, exit: await lastWordOf(this.parts.clock, record, ended), ...place });
  }

  private async finish({ record }: Live, part: Parameters<AttemptRecord["saveReport"]>[0]): Promise<void> {
    await record.saveReport({ state: "exited", ...part });
    log.info("An attempt ended", { attempt: record.id, cause: part.exit?.cause, detail: part.exit?.detail });
    if (record.orphan && record.usageDone) return this.forget(record.id);
    this.parts.news.ring();
    this.parts.bytes.ring();
  }

  /** Everything is with the server, or nothing of it is wanted: the folder goes, the tombstone stays. */
  async forget(attemptId: string): Promise<void> {
    const live = this.live.get(attemptId);
    if (!live) return;
    await this.parts.journal.forget(live.record);
    this.live.delete(attemptId);
    this.parts.news.ring();
  }
}
