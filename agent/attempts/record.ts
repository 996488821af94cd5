import { rename, writeFile } from "node:fs/promises";
import { uptime } from "node:os";
import { z } from "zod";
import { type Read, readJson, writeJson } from "../disk.ts";
import { failpoint } from "../failpoint.ts";
import { log, reason } from "../log.ts";
import { AttemptReport, Fence, JobSpec, UsageEvent } from "../protocol/messages.ts";
import { Redactor } from "../spool/redact.ts";
import { type AttemptFolder, attemptFolder, type StateFolder } from "../state.ts";
import { openSecrets, sealSecrets, type Secrets } from "./vault.ts";

/** The files of one attempt. Times are the host's own clock, Unix ms. */
const SpecFile = z.object({ attemptId: z.string(), fence: Fence, spec: JobSpec.nullable(), acceptedAt: z.number(), sealed: z.string().optional() });
const IntentFile = z.object({ at: z.number(), accelerators: z.array(z.int()), busIds: z.array(z.string()).optional(), visible: z.array(z.string()).optional(), variables: z.record(z.string(), z.string()).optional(), shares: z.int().optional(), port: z.int().nullable(), appPort: z.int().optional() });
/** `up`: seconds since the boot, the same for every process of this host whatever is done to its wall clock. */
const StopFile = z.object({ at: z.number(), up: z.number().optional(), cause: z.enum(["stopped", "timeout"]), reason: z.string() });
const ReportFile = z.object({ boot: z.string(), report: AttemptReport });
const StreamState = z.object({
  /** What the server has: the next byte it wants. */
  next: z.int().nonnegative(),
  /** Bytes before this are gone to the spool's cap. */
  floor: z.int().nonnegative(),
  /** Bytes before this were given back to the disk. */
  punched: z.int().nonnegative(),
});
const StreamsFile = z.object({
  stdout: StreamState,
  stderr: StreamState,
  /** `next`: stdout bytes whose points the server has; `counter`: steps given so far to lines without one; `sent`: the same after the batch in flight. */
  metrics: z.object({ next: z.int().nonnegative(), counter: z.int().nonnegative(), sent: z.object({ next: z.int(), counter: z.int() }).nullable() }),
});
const ArtifactsFile = z.object({ done: z.literal(true), count: z.int() });
const CheckpointFile = z.object({ done: z.literal(true) });
const UsageFile = z.object({ events: z.array(UsageEvent) });
const Tombstone = z.object({ report: AttemptReport.nullable(), at: z.number() });

export type StopOrder = z.infer<typeof StopFile>;
export type Intent = z.infer<typeof IntentFile>;
export type Streams = z.infer<typeof StreamsFile>;
export type Exit = NonNullable<AttemptReport["exit"]>;

const freshStream = () => ({ next: 0, floor: 0, punched: 0 });
export const freshStreams = (): Streams => ({ stdout: freshStream(), stderr: freshStream(), metrics: { next: 0, counter: 0, sent: null } });

/** Reports after a power cut start this much higher: the last ones may have been sent but not have reached the platter. */
const SEQ_JUMP = 1_000;

/** One attempt as the journal has it. Every setter is on disk before it returns. */
export class AttemptRecord {
  readonly id: string;
  readonly folder: AttemptFolder;
  readonly acceptedAt: number;
  fence: string;
  spec: JobSpec | null;
  intent: Intent | null = null;
  stop: StopOrder | null = null;
  report: AttemptReport;
  streams: Streams = freshStreams();
  artifactsDone = false;
  private checkpointSent = false;
  /** Who held what, in order; `usageNext`: how many the server has. Null: it wants none of this attempt. */
  usage: UsageEvent[] = [];
  usageNext: number | null = 0;
  /** Highest report that the server acknowledged to this process; a restart sends the last one again. */
  acked = 0;
  /** Nothing is wanted of it any more: ended without a word, then forgotten. */
  orphan = false;
  /** In the clear only here and in the process's environment. */
  readonly secrets: Secrets;
  readonly redactor: Redactor;
  private readonly sealed: string | undefined;
  private boot: string;
  /** Writes of one attempt come from several loops: one after another, each from what the last one left. */
  private writing: Promise<void> = Promise.resolve();

  private constructor(folder: AttemptFolder, file: z.infer<typeof SpecFile>, secrets: Secrets, boot: string) {
    this.folder = folder;
    this.id = file.attemptId;
    this.fence = file.fence;
    this.spec = file.spec;
    this.acceptedAt = file.acceptedAt;
    this.sealed = file.sealed;
    this.secrets = secrets;
    this.redactor = new Redactor(Object.values(secrets));
    this.boot = boot;
    this.report = { attemptId: file.attemptId, fence: file.fence, seq: 1, state: "accepted", nodes: [], accelerators: [], startedAt: null, exit: null, drained: false };
  }

  /** Journals a new attempt. The folder exists. */
  static async create(state: StateFolder, desired: { attemptId: string; fence: string; spec: JobSpec | null }, boot: string): Promise<AttemptRecord> {
    const folder = attemptFolder(state, desired.attemptId);
    const { spec } = desired;
    const secrets = spec?.secrets?.values ?? {};
    const sealed = Object.keys(secrets).length > 0 ? await sealSecrets(state, desired.attemptId, secrets) : undefined;
    const file = { attemptId: desired.attemptId, fence: desired.fence, spec: spec?.secrets ? { ...spec, secrets: { ...spec.secrets, values: {} } } : spec, acceptedAt: Date.now(), sealed };
    failpoint("agent.journal.before-spec");
    await writeJson(folder.spec, file);
    failpoint("agent.journal.after-spec");
    const record = new AttemptRecord(folder, file, secrets, boot);
    await record.loadRest(); // a torn spec beside good files: what was journaled before still binds us
    return record;
  }

  /** Null, and a line in the log, where there is no readable spec: the server then sends it again. */
  static async load(state: StateFolder, attemptId: string, boot: string): Promise<AttemptRecord | null> {
    const folder = attemptFolder(state, attemptId);
    const spec = named(await readJson(folder.spec, SpecFile));
    if (!spec || spec.attemptId !== attemptId) return null;
    const secrets = spec.sealed === undefined ? {} : await openSecrets(state, attemptId, spec.sealed).catch((error: unknown) => void log.warn("An attempt's secrets cannot be opened, so its log cannot be redacted", { attempt: attemptId, reason: reason(error) }));
    if (!secrets) return null;
    const record = new AttemptRecord(folder, spec, secrets, boot);
    await record.loadRest();
    return record;
  }

  private async loadRest(): Promise<void> {
    const { folder } = this;
    const [intent, stop, streams, usage, artifacts, checkpoint, kept] = await Promise.all([
      readJson(folder.intent, IntentFile),
      readJson(folder.stop, StopFile),
      readJson(folder.streams, StreamsFile),
      readJson(folder.usage, UsageFile),
      readJson(folder.artifacts, ArtifactsFile),
      readJson(folder.checkpoint, CheckpointFile),
      readJson(folder.report, ReportFile),
    ]);
    this.intent = named(intent);
    this.stop = named(stop);
    this.streams = named(streams) ?? freshStreams();
    this.usage = named(usage)?.events ?? [];
    this.artifactsDone = named(artifacts) !== null;
    this.checkpointSent = named(checkpoint) !== null;
    const last = named(kept);
    if (last) {
      const jump = last.boot === this.boot ? 0 : SEQ_JUMP;
      this.report = { ...last.report, fence: this.fence, seq: last.report.seq + jump };
    } else if (kept.kind === "corrupt") this.report = { ...this.report, seq: SEQ_JUMP };
  }

  get ended(): boolean {
    return this.report.exit !== null || this.report.state === "refused";
  }

  async saveFence(fence: string): Promise<void> {
    await writeJson(this.folder.spec, { attemptId: this.id, fence, spec: this.spec, acceptedAt: this.acceptedAt, sealed: this.sealed });
    this.fence = fence;
    await this.saveReport({});
  }

  async saveIntent(intent: Intent): Promise<void> {
    failpoint("agent.journal.before-intent");
    await writeJson(this.folder.intent, intent);
    this.intent = intent;
    failpoint("agent.journal.after-intent");
  }

  /** The first order stands. */
  async saveStop({ cause, reason: why }: Pick<StopOrder, "cause" | "reason">): Promise<void> {
    if (this.stop) return;
    const order = { at: Date.now(), up: uptime(), cause, reason: why };
    failpoint("agent.journal.before-stop");
    await writeJson(this.folder.stop, order);
    this.stop = order;
    failpoint("agent.journal.after-stop");
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.writing.then(work);
    this.writing = turn.catch(() => {});
    return turn;
  }

  /** A new report with the next number. */
  saveReport(part: Partial<AttemptReport>): Promise<void> {
    return this.inTurn(() => this.writeReport(part));
  }

  private async writeReport(part: Partial<AttemptReport>): Promise<void> {
    const report: AttemptReport = { ...this.report, ...part, fence: this.fence, seq: this.report.seq + 1 };
    failpoint("agent.journal.before-report");
    await writeJson(this.folder.report, { boot: this.boot, report });
    this.report = report;
    failpoint("agent.journal.after-report");
  }

  /** Offsets are the server's truth and can be asked for again, so only what cannot (a drop, a step counter) is synced. */
  saveStreams(durable = false): Promise<void> {
    return this.inTurn(() => this.writeStreams(durable));
  }

  private async writeStreams(durable: boolean): Promise<void> {
    if (durable) return writeJson(this.folder.streams, this.streams);
    await writeFile(`${this.folder.streams}.new`, JSON.stringify(this.streams), { mode: 0o600 });
    await rename(`${this.folder.streams}.new`, this.folder.streams);
  }

  /** The first open and the first close stand; a close without an open says nothing. */
  saveUsage(event: UsageEvent): Promise<void> {
    return this.inTurn(async () => {
      const known = this.usage.some(({ kind }) => kind === event.kind && kind !== "change");
      if (known || (event.kind !== "open" && this.usage.length === 0) || this.usage.at(-1)?.kind === "close") return;
      if (event.kind === "open") failpoint("agent.usage.before-open");
      if (event.kind === "close") failpoint("agent.usage.before-close");
      await writeJson(this.folder.usage, { events: [...this.usage, event] });
      this.usage = [...this.usage, event];
      if (event.kind === "open") failpoint("agent.usage.after-open");
      if (event.kind === "close") failpoint("agent.usage.after-close");
    });
  }

  /** The server has all of an ended attempt's usage, or wants none of it. */
  get usageDone(): boolean {
    return this.ended && (this.usageNext === null || this.usageNext >= this.usage.length);
  }

  /** Its last checkpoint is in the object store, or was never asked for, or nobody will go on from it. Whoever saves when asked to stop may end with 0 too. */
  get checkpointDone(): boolean {
    const { exit } = this.report;
    return this.checkpointSent || !this.spec?.checkpointSync || (exit?.cause === "exited" && exit.code === 0);
  }

  async saveCheckpointDone(): Promise<void> {
    await writeJson(this.folder.checkpoint, { done: true });
    this.checkpointSent = true;
  }

  async saveArtifactsDone(count: number): Promise<void> {
    await writeJson(this.folder.artifacts, { done: true, count });
    this.artifactsDone = true;
  }
}

function named<T>(read: Read<T>): T | null {
  if (read.kind === "corrupt") log.warn("A torn or foreign file in the journal is left aside", { file: read.message });
  return read.kind === "ok" ? read.value : null;
}

export { Tombstone };
