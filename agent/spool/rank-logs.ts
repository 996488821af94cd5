import { constants, open, rename, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import type { AttemptRecord } from "../attempts/record.ts";
import { readJson } from "../disk.ts";
import { hasRanks, rankFiles } from "../drivers/ranks.ts";
import { processesOf } from "../protocol/ranks.ts";
import { blocksBelow, PUNCH_STEP, punchHole } from "./punch.ts";
import { cutChunk, readRange } from "./tail.ts";

const STREAMS = [["stdout", "out"], ["stderr", "err"]] as const;
type Stream = (typeof STREAMS)[number][0];
/** Taken of one rank at a time, so that a loud one does not keep the others waiting. */
const PIECE = 256 * 1024;
const STEP = 4 * 1024 * 1024;
/** Stays of each file, more than last words take. */
const KEPT = 1024 * 1024;
const EVERY_MS = 250;
const PARTIAL_MS = 2_000;

const Taken = z.record(z.string(), z.int());
/** The last step: it fills bytes `start` to `end` of the one log with what each file has between `from` and `to`. */
const State = z.object({ start: z.int(), end: z.int(), from: Taken, to: Taken });
const File = z.object({ stdout: State, stderr: State });
type State = z.infer<typeof State>;

const fresh = (): State => ({ start: 0, end: 0, from: {}, to: {} });

/** The bytes as they stand in the one log: every line with its label, the last one ended. */
export function labelled(bytes: Buffer, label: string): Buffer {
  if (bytes.length === 0) return bytes;
  const lines = bytes.toString("latin1").split("\n"); // one byte is one character, so nothing of any encoding is lost
  if (lines.at(-1) === "") lines.pop();
  return Buffer.from(lines.map((line) => `${label}${line}\n`).join(""), "latin1");
}

/**
 * Brings the files of an attempt's ranks together into its one log, line by line with labels. Each step is written down
 * before it is taken and lands at a known place, so a crash between repeats it to the very same bytes.
 */
export class RankLogs {
  private readonly record: AttemptRecord;
  private state: z.infer<typeof File> | null = null;
  private readonly partial = new Map<string, { at: number; since: number }>();
  /** Bytes of each file that the disk has back. */
  private readonly given = new Map<string, number>();
  private lookedAt = 0;
  private busy: Promise<unknown> = Promise.resolve();

  constructor(record: AttemptRecord) {
    this.record = record;
  }

  /** Takes what is new, if it is time to look again. */
  turn(): Promise<void> {
    if (performance.now() - this.lookedAt < EVERY_MS) return Promise.resolve();
    this.lookedAt = performance.now();
    return this.alone(() => this.takeAll(false));
  }

  /** Takes all there is: the ranks have ended. */
  finish(): Promise<void> {
    return this.alone(() => this.takeAll(true));
  }

  private alone(work: () => Promise<void>): Promise<void> {
    const turn = this.busy.then(work, work);
    this.busy = turn.catch(() => {});
    return turn;
  }

  private get file(): string {
    return path.join(this.record.folder.home, "ranks.json");
  }

  private async load(): Promise<z.infer<typeof File>> {
    if (this.state) return this.state;
    const read = await readJson(this.file, File);
    this.state = read.kind === "ok" ? read.value : { stdout: fresh(), stderr: fresh() };
    for (const [stream, end] of STREAMS) await this.write(stream, end, this.state[stream]); // the last step may have been cut short
    return this.state;
  }

  private async takeAll(isLast: boolean): Promise<void> {
    const state = await this.load();
    for (const [stream, end] of STREAMS) {
      while (await this.step(state, stream, end, isLast));
    }
  }

  private async step(state: z.infer<typeof File>, stream: Stream, end: "out" | "err", isLast: boolean): Promise<boolean> {
    const before = state[stream];
    const to: Record<string, number> = { ...before.to };
    let taken = 0;
    for (const { file, label, size } of await rankFiles(this.record.folder.home, end)) {
      const at = to[path.basename(file)] ?? 0;
      if (size <= at || taken >= STEP) continue;
      const { redactor } = this.record;
      const bytes = await readRange(file, at, PIECE + redactor.longest);
      const cut = redactor.takeOf(bytes, cutChunk(bytes.subarray(0, PIECE), PIECE, isLast || this.isOverdue(file, at)), PIECE, isLast); // a label must not part a secret
      if (cut === 0) continue;
      this.partial.delete(file);
      to[path.basename(file)] = at + cut;
      taken += cut + label.length;
    }
    if (taken === 0) return false;
    const step = { start: before.end, end: before.end, from: before.to, to };
    step.end += (await this.block(end, step)).length;
    state[stream] = step;
    await writeFile(`${this.file}.new`, JSON.stringify(state), { mode: 0o600 });
    await rename(`${this.file}.new`, this.file);
    await this.write(stream, end, state[stream]);
    await this.giveBack(end, state[stream]);
    return true;
  }

  /** The one log has its own cap; of what the ranks wrote, what no step reads again goes, but for the ends that last words come from. */
  private async giveBack(end: "out" | "err", { from }: State): Promise<void> {
    for (const { file } of await rankFiles(this.record.folder.home, end)) {
      const below = blocksBelow(Math.max(0, (from[path.basename(file)] ?? 0) - KEPT));
      const given = this.given.get(file) ?? 0;
      if (below - given >= PUNCH_STEP && (await punchHole(file, given, below))) this.given.set(file, below);
    }
  }

  /** A line without an end is shown after a while. */
  private isOverdue(file: string, at: number): boolean {
    const known = this.partial.get(file);
    if (known?.at === at) return performance.now() - known.since >= PARTIAL_MS;
    this.partial.set(file, { at, since: performance.now() });
    return false;
  }

  /** The bytes of one step. The same ones whenever it is asked: the files only grow. */
  private async block(end: "out" | "err", state: State): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (const { file, label } of await rankFiles(this.record.folder.home, end)) {
      const name = path.basename(file);
      const from = state.from[name] ?? 0;
      const to = state.to[name] ?? 0;
      if (to > from) pieces.push(labelled(this.record.redactor.mask(await readRange(file, from, to - from)), label));
    }
    return Buffer.concat(pieces);
  }

  private async write(stream: Stream, end: "out" | "err", state: State): Promise<void> {
    const block = await this.block(end, state);
    const log = this.record.folder[stream];
    const has = (await stat(log).catch(() => null))?.size ?? 0;
    if (has >= state.end) return;
    const handle = await open(log, constants.O_WRONLY | constants.O_CREAT, 0o600);
    try {
      const from = Math.max(0, has - state.start);
      await handle.write(block, from, block.length - from, state.start + from);
    } finally {
      await handle.close();
    }
  }
}

const open_ = new WeakMap<AttemptRecord, RankLogs>();

/** The ranks' logs of an attempt; null where it is one process, which writes its log itself. */
export function rankLogsOf(record: AttemptRecord): RankLogs | null {
  const { spec } = record;
  if (!spec || !hasRanks({ launcher: spec.launcher, nodes: spec.nodes, processes: processesOf(spec) })) return null;
  const known = open_.get(record) ?? new RankLogs(record);
  open_.set(record, known);
  return known;
}
