import { reason } from "../../log.ts";
import type { AccountedPart } from "../../protocol/messages.ts";
import { type Accounting, type AccountingAnswer, type Granted, NotNow } from "../driver.ts";
import { type SlurmClient, SlurmRefused } from "./client.ts";
import type { Handles } from "./handle.ts";
import { isArrayName, jobName, masterOf, tasksOf } from "./names.ts";
import { parseTres, sizeMib } from "./queue.ts";
import { baseState } from "./states.ts";
import { clockSeconds } from "./usage.ts";

const FIELDS = "JobIDRaw,JobID,JobName%200,State,Start,End,ElapsedRaw,Suspended,AllocTRES%500,NodeList%2000";
/** An administrator may change what is kept; Slurm then reads its configuration anew. */
const BOOKS_MS = 10 * 60_000;
const TIMEOUT_MS = 60_000;
/** In one message, for one job. */
const MOST_PARTS = 20;

/** What Slurm keeps of jobs: none at all where it has no slurmdbd; GPUs and shards of them only where they are among AccountingStorageTRES. */
export interface Books {
  keeps: boolean;
  gpus: boolean;
  shards: boolean;
}

/** Where Slurm does not count GPUs, it lists none of any job. */
export const grantedOf = ({ cpus, memoryMib, gpus }: { cpus: number; memoryMib: number; gpus: number | null }): Granted => ({ cpus, memoryMib, gpus: gpus === 0 ? null : gpus });

/** Of `scontrol show config`. */
export function parseBooks(text: string): Books {
  const of = (key: string) => new RegExp(`^${key}\\s*=\\s*(.*)$`, "m").exec(text)?.[1]?.trim() ?? "";
  const kept = of("AccountingStorageTRES").split(",");
  return { keeps: /slurmdbd/.test(of("AccountingStorageType")), gpus: kept.includes("gres/gpu"), shards: kept.includes("gres/shard") };
}

/** Unix ms of what sacct prints of a moment. */
export const readTime = (text: string | undefined): number | null => (text !== undefined && /^\d{6,}$/.test(text) ? Number(text) * 1000 : null);

/** `11`, and `11_8` of a task of an array of ours; null for tasks that wait. */
function idOf(raw: string, shown: string, name: string): string | null {
  return isArrayName(name) ? (tasksOf(shown).find(({ isApart }) => isApart)?.id ?? null) : raw;
}

/** What was allocated, as sacct has it. */
function heldOf(tres: string, { gpus, shards }: Books) {
  const held = parseTres(tres);
  const count = (name: string) => Number(held.get(name) ?? 0);
  return {
    nodeCount: count("node"),
    cpus: count("cpu"),
    memoryMib: sizeMib(held.get("mem") ?? "0"),
    gpus: gpus ? count("gres/gpu") : null,
    ...(shards ? { shares: count("gres/shard") } : {}),
  };
}

/** One line of `sacct -P -X -D --noconvert`, with the job's name. Null where it is none. */
export function parseAccounted(line: string, books: Books): { name: string; part: AccountedPart } | null {
  const [raw, shown, name, state, start, end, elapsed, suspended, tres, nodes] = line.split("|");
  if (!raw || !/^\d+$/.test(raw) || shown === undefined || name === undefined || nodes === undefined) return null;
  const job = idOf(raw, shown, name);
  if (job === null) return null;
  const startedAt = readTime(start);
  return {
    name,
    part: {
      job,
      state: baseState(state ?? "").slice(0, 64),
      nodes: startedAt === null || nodes === "None assigned" ? "" : nodes.slice(0, 2000),
      startedAt,
      endedAt: readTime(end),
      heldSeconds: startedAt === null ? 0 : Number(elapsed) || 0,
      suspendedSeconds: Math.round(clockSeconds(suspended ?? "")),
      ...heldOf(tres ?? "", books),
    },
  };
}

/** Of a job that was requeued very often, the oldest stretches as one that holds as much as they did in all: none is left out of the comparison. */
export function foldParts(parts: readonly AccountedPart[]): AccountedPart[] {
  if (parts.length <= MOST_PARTS) return [...parts];
  const cut = parts.length - MOST_PARTS + 1;
  const older = parts.slice(0, cut);
  const sum = (of: (part: AccountedPart) => number) => older.reduce((all, part) => all + of(part), 0);
  const heldSeconds = sum((part) => part.heldSeconds);
  const mean = (of: (part: AccountedPart) => number) => (heldSeconds === 0 ? of(older.at(-1)!) : sum((part) => of(part) * part.heldSeconds) / heldSeconds);
  const folded: AccountedPart = {
    ...older.at(-1)!,
    startedAt: older.find(({ startedAt }) => startedAt !== null)?.startedAt ?? null,
    endedAt: older.some(({ endedAt }) => endedAt === null) ? null : older.at(-1)!.endedAt,
    heldSeconds,
    suspendedSeconds: sum((part) => part.suspendedSeconds),
    cpus: mean(({ cpus }) => cpus),
    memoryMib: Math.round(mean(({ memoryMib }) => memoryMib)),
    gpus: older.some(({ gpus }) => gpus === null) ? null : Math.round(mean(({ gpus }) => gpus ?? 0)),
    ...(older.some(({ shares }) => shares === undefined) ? {} : { shares: Math.round(mean(({ shares }) => shares!)) }),
  };
  return [folded, ...parts.slice(cut)];
}

/** slurmdbd's word on jobs that this agent gave to Slurm: a second witness of what they held, beside the agent's journal. */
export class SlurmAccounting implements Accounting {
  readonly source = "slurm";
  private readonly client: SlurmClient;
  private readonly handles: Handles;
  private books: { at: number; seen: Books } | null = null;

  constructor(client: SlurmClient, handles: Handles) {
    this.client = client;
    this.handles = handles;
  }

  /** Of a task of an array, the name too, which the attempt's own does not tell: `11_8@drover-array-…`. */
  async jobOf(folder: string): Promise<string | null> {
    const handle = await this.handles.read(folder);
    return handle?.job ? (handle.array ? `${handle.job}@${handle.array.name}` : handle.job) : null;
  }

  async read(jobs: ReadonlyMap<string, string>): Promise<AccountingAnswer> {
    try {
      return await this.ask(jobs);
    } catch (error) {
      if (error instanceof NotNow || error instanceof SlurmRefused) return { kind: "later", why: reason(error) };
      throw error;
    }
  }

  private async ask(jobs: ReadonlyMap<string, string>): Promise<AccountingAnswer> {
    const books = await this.readBooks();
    if (!books.keeps) return { kind: "none", why: "This Slurm keeps no accounting (AccountingStorageType is not slurmdbd)." };
    const numbers = new Set([...jobs.values()].map(masterOf));
    const text = await this.client.run("sacct", ["-n", "-P", "-X", "-D", "-a", "--noconvert", "-j", [...numbers].join(","), "-o", FIELDS], TIMEOUT_MS);
    const seen = text.split("\n").flatMap((line) => parseAccounted(line, books) ?? []);
    // By number and name: a controller that lost its state gives the same numbers again, to anybody.
    const partsOf = (attemptId: string, job: string) => {
      const [id = "", name = jobName(attemptId)] = job.split("@");
      const of = (number: string) => seen.filter((each) => each.part.job === number && each.name === name).map(({ part }) => part);
      const own = of(id);
      return own.length > 0 ? own : of(masterOf(id)); // cancelled with the rest of its array, before it started
    };
    return { kind: "told", parts: new Map([...jobs].map(([attemptId, job]) => [attemptId, foldParts(partsOf(attemptId, job))])) };
  }

  async readBooks(): Promise<Books> {
    if (this.books && performance.now() - this.books.at < BOOKS_MS) return this.books.seen;
    const seen = parseBooks(await this.client.run("scontrol", ["show", "config"]));
    this.books = { at: performance.now(), seen };
    return seen;
  }
}
