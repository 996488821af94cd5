import { log, reason as messageOf } from "../../log.ts";
import type { SlurmClient } from "./client.ts";
import { type Called, isArrayName, masterOf, tasksOf } from "./names.ts";
import { baseState, type JobSeen, phaseOf } from "./states.ts";

/** One look at squeue serves everybody for this long. */
const FRESH_MS = 1_000;
/** Jobs that squeue has forgotten are asked of sacct again after this long. */
const AGAIN_MS = 5_000;
const SACCT_IDS = 1_000;
/** Ended jobs that are kept in mind. */
const MOST_PAST = 10_000;
/** The name comes last: it may hold what parts the fields. */
const FIELDS = ["JobID", "State", "Reason", "UserName", "Account", "Partition", "QOS", "NumNodes", "NodeList", "NumCPUs", "tres-alloc", "SubmitTime", "StartTime", "EndTime", "TimeLimit", "PriorityLong", "RestartCnt", "PreemptTime", "JobArrayID", "Name"] as const;

/** What squeue is told: all jobs of everybody, ended ones too while it remembers them. */
export const QUEUE_QUERY = ["-a", "-h", "-t", "all", "-O", FIELDS.map((field) => `${field}:|`).join(",")];

/** A job as squeue lists it, ours or anybody's. */
export interface QueuedJob extends JobSeen {
  user: string;
  account: string;
  partition: string;
  qos: string;
  nodeCount: number;
  cpus: number;
  memoryMib: number;
  gpus: number;
  /** Of GPUs. */
  shares: number;
  submittedAt: number | null;
  /** When it must have ended, or Slurm's guess of when a waiting one starts. */
  limitSeconds: number | null;
  restarts: number;
  /** Since when Slurm gives it grace, before it ends it for other work. */
  preemptedAt: number | null;
  /** Of a task of an array that waits in one record with others, false: what is done to it by filters is done to all of them. */
  isApart: boolean;
}

const nothing = (text: string | undefined): text is undefined => text === undefined || text === "" || /^(N\/A|None|Unknown|\(null\)|None assigned)$/i.test(text);
const word = (text: string | undefined): string | null => (nothing(text) ? null : text);
const seconds = (text: string | undefined): number | null => (text !== undefined && /^\d{6,}$/.test(text) ? Number(text) * 1000 : null);

/** `1-02:03:04`, `02:03:04`, `03:04`; null for UNLIMITED and the like. */
export function limitSeconds(text: string): number | null {
  const match = /^(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)$/.exec(text);
  if (!match) return null;
  const [, days = "0", hours = "0", minutes = "0", rest = "0"] = match;
  const all = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(rest);
  return all >= 365 * 86_400 ? null : all; // a year stands for no limit
}

/** MiB of `62.50G`, `200M`, `4T`, `512K`. */
export function sizeMib(text: string): number {
  const match = /^([\d.]+)([KMGTP]?)/i.exec(text);
  const factor = { K: 1 / 1024, M: 1, G: 1024, T: 1024 ** 2, P: 1024 ** 3 }[(match?.[2] ?? "M").toUpperCase()] ?? 1;
  return Math.round(Number(match?.[1] ?? 0) * factor);
}

/** `cpu=2,mem=200M,node=2,gres/gpu=2,gres/gpu:h100=2` → what it holds in all. */
export function parseTres(text: string): Map<string, string> {
  return new Map(text.split(",").flatMap((part) => (part.includes("=") ? [[part.slice(0, part.indexOf("=")), part.slice(part.indexOf("=") + 1)] as const] : [])));
}

/** One line of `squeue -O` with `|` after each field. Of arrays of ours, each task that the line stands for; none where it is no job. */
export function parseQueueLine(line: string): QueuedJob[] {
  const f = line.split("|");
  if (f.length < FIELDS.length || !/^\d+/.test(f[0] ?? "")) return [];
  const of = (name: (typeof FIELDS)[number]) => f[FIELDS.indexOf(name)]?.trim() ?? "";
  const tres = parseTres(of("tres-alloc"));
  const state = baseState(of("State"));
  const isOver = phaseOf(state) === "over";
  const name = f.slice(FIELDS.length - 1).join("|").replace(/\|$/, "");
  const job = {
    raw: of("JobID"),
    name,
    state,
    reason: word(of("Reason")),
    nodes: word(of("NodeList")) ?? "",
    startedAt: seconds(of("StartTime")),
    endedAt: isOver ? seconds(of("EndTime")) : null,
    exitCode: null,
    user: of("UserName"),
    account: word(of("Account")) ?? "",
    partition: of("Partition"),
    qos: word(of("QOS")) ?? "",
    nodeCount: Number(of("NumNodes").split("-")[0]) || 1,
    cpus: Number(of("NumCPUs")) || 0,
    memoryMib: sizeMib(tres.get("mem") ?? "0"),
    gpus: Number(tres.get("gres/gpu") ?? 0),
    shares: Number(tres.get("gres/shard") ?? 0),
    submittedAt: seconds(of("SubmitTime")),
    limitSeconds: limitSeconds(of("TimeLimit")),
    restarts: Number(of("RestartCnt")) || 0,
    preemptedAt: seconds(of("PreemptTime")),
  };
  if (!isArrayName(name)) return [{ ...job, id: job.raw, index: null, isApart: true }];
  return tasksOf(of("JobArrayID")).map((task) => ({ ...job, ...task }));
}

const ACCOUNT_FIELDS = "JobIDRaw,JobID,JobName%200,State,ExitCode,Start,End,NodeList%2000,Reason";

/** One line of `sacct -P -X -D` with these fields: each job or task that it stands for. */
export function parseAccountLine(line: string): JobSeen[] {
  const [raw, shown, name, state, exitCode, start, end, nodes, reason] = line.split("|");
  if (!raw || !/^\d+$/.test(raw) || name === undefined || state === undefined) return [];
  const job = { raw, name, state: baseState(state), reason: word(reason), nodes: word(nodes) ?? "", startedAt: seconds(start), endedAt: seconds(end), exitCode: exitCode ?? null };
  if (!isArrayName(name)) return [{ ...job, id: raw, index: null }];
  return tasksOf(shown ?? "").map(({ id, index }) => ({ ...job, id, index }));
}

const keyOf = ({ name, index }: Called): string => `${name} ${index ?? ""}`;

/** By number and name: a controller that lost its state gives the same numbers again, to anybody. A task is known by its own number too, from its start on. */
function isIt(job: JobSeen & { isApart?: boolean }, id: string, { name, index }: Called): boolean {
  return job.name === name && job.index === index && (job.id === id || (job.raw === id && job.isApart !== false));
}

/** What is left of an array that was cancelled, for a task that has no record of its own. */
const isRestOf = (job: JobSeen, id: string, { name, index }: Called): boolean => index !== null && job.index === null && job.name === name && job.id === masterOf(id) && phaseOf(job.state) === "over";

/** What Slurm knows of jobs, by one query for all: squeue while it remembers them, sacct for those that it has forgotten. */
export class JobQueue {
  readonly client: SlurmClient;
  private list: QueuedJob[] = [];
  private byName = new Map<string, QueuedJob[]>();
  /** Number and name of each array of ours that is listed. */
  private arrays = new Set<string>();
  private readAt = 0;
  private reading: Promise<void> | null = null;
  /** By number: of several jobs, where Slurm has given the number again. */
  private readonly past = new Map<string, { at: number; jobs: JobSeen[] }>();
  private asked = new Set<string>();
  private asking: Promise<void> | null = null;
  private readonly searches = new Map<string, Promise<JobSeen[]>>();
  /** False after a look that failed: what is known may be old. */
  reachable = false;
  /** Unix ms: what was submitted later is not in what is known. */
  askedAt = 0;

  constructor(client: SlurmClient) {
    this.client = client;
  }

  /** Looks at squeue unless somebody did within `maxAgeMs`. Never throws: what was known then stays. */
  async refresh(maxAgeMs = FRESH_MS): Promise<void> {
    if (performance.now() - this.readAt < maxAgeMs && this.readAt > 0) return;
    this.reading ??= this.read().finally(() => (this.reading = null));
    await this.reading;
  }

  private async read(): Promise<void> {
    const askedAt = Date.now();
    try {
      const text = await this.client.run("squeue", QUEUE_QUERY);
      this.list = text.split("\n").flatMap((line) => (line === "" ? [] : parseQueueLine(line)));
      const byName = new Map<string, QueuedJob[]>();
      for (const job of this.list) byName.set(keyOf(job), [...(byName.get(keyOf(job)) ?? []), job]);
      this.byName = byName;
      this.arrays = new Set(this.list.flatMap(({ id, name }) => (isArrayName(name) ? [keyOf({ name, index: Number(masterOf(id)) })] : [])));
      if (!this.reachable) log.info("Slurm answers", { jobs: this.list.length });
      this.reachable = true;
      this.askedAt = askedAt;
    } catch (error) {
      if (this.reachable || this.readAt === 0) log.warn("Slurm cannot be asked; jobs go on", { reason: messageOf(error) });
      this.reachable = false;
    } finally {
      this.readAt = performance.now();
    }
  }

  jobs(): QueuedJob[] {
    return this.list;
  }

  find(id: string, called: Called): QueuedJob | undefined {
    return this.byName.get(keyOf(called))?.find((job) => isIt(job, id, called)) ?? this.byName.get(keyOf({ ...called, index: null }))?.find((job) => isRestOf(job, id, called));
  }

  /** Whether other tasks of its array are listed. One that waits and is cancelled leaves no trace, in squeue or in sacct. */
  hasOthers(id: string, { name, index }: Called): boolean {
    return index !== null && this.arrays.has(keyOf({ name, index: Number(masterOf(id)) }));
  }

  /** One whose start is on record, as squeue has it since then: the last look may be from before the start, and so may one that is under way. */
  async begun(id: string, called: Called): Promise<QueuedJob | undefined> {
    for (let looks = 0; ; looks += 1) {
      const job = this.find(id, called);
      if (job && phaseOf(job.state) !== "waiting") return job;
      if (looks === 2 || (looks > 0 && !this.reachable)) return undefined;
      await this.refresh(0);
    }
  }

  /** The jobs of one attempt that squeue still lists, oldest first. */
  named(called: Called): QueuedJob[] {
    return (this.byName.get(keyOf(called)) ?? []).toSorted((a, b) => Number(a.raw) - Number(b.raw));
  }

  /**
   * What accounting says of a job that squeue does not list. Undefined: not known yet, or accounting cannot be asked. Null:
   * it does not know it either. It may say that the job waits or runs: slurmdbd hears of ends later, or squeue was asked
   * before the job was made. All who ask at once share one query.
   */
  async remembered(id: string, called: Called): Promise<JobSeen | null | undefined> {
    const number = masterOf(id); // of a whole array: what was cancelled of it before it started has no other
    const ours = () => {
      const jobs = this.past.get(number)?.jobs ?? [];
      return jobs.find((job) => isIt(job, id, called)) ?? jobs.find((job) => isRestOf(job, id, called)) ?? null;
    };
    const known = this.past.get(number);
    const isFinal = phaseOf(ours()?.state ?? "PENDING") === "over";
    if (known && (isFinal || performance.now() - known.at < AGAIN_MS)) return ours();
    if (this.past.size > MOST_PAST) this.past.clear();
    this.asked.add(number);
    this.asking ??= new Promise<void>((resolve) => setTimeout(resolve, 5)).then(() => this.askAccounting()).finally(() => (this.asking = null));
    await this.asking;
    return this.past.has(number) ? ours() : undefined;
  }

  private async askAccounting(): Promise<void> {
    const numbers = [...this.asked].slice(0, SACCT_IDS);
    for (const number of numbers) this.asked.delete(number);
    try {
      const text = await this.client.run("sacct", ["-n", "-P", "-X", "-D", "-j", numbers.join(","), "-o", ACCOUNT_FIELDS]);
      for (const number of numbers) this.past.set(number, { at: performance.now(), jobs: [] });
      // Of a job that was requeued there are several lines; the first is the one that ran.
      for (const job of text.split("\n").flatMap(parseAccountLine)) for (const number of new Set([job.raw, masterOf(job.id)])) this.past.get(number)?.jobs.push(job);
    } catch (error) {
      log.debug("Slurm's accounting cannot be asked", { reason: messageOf(error) });
    }
  }

  /** An attempt's jobs that accounting knows by name; empty where it cannot be asked. The tasks of one array share one query. */
  async searchPast(called: Called, sinceMs: number): Promise<JobSeen[]> {
    const search = this.searches.get(called.name) ?? this.searchByName(called.name, sinceMs).finally(() => this.searches.delete(called.name));
    this.searches.set(called.name, search);
    return (await search).filter(({ name, index }) => name === called.name && index === called.index);
  }

  private async searchByName(name: string, sinceMs: number): Promise<JobSeen[]> {
    try {
      const text = await this.client.run("sacct", ["-n", "-P", "-X", "-D", "--name", name, "-S", `now-${Math.ceil((Date.now() - sinceMs) / 3_600_000) + 1}hours`, "-o", ACCOUNT_FIELDS]);
      return text.split("\n").flatMap(parseAccountLine);
    } catch {
      return [];
    }
  }
}
