import { log, reason as messageOf } from "../../log.ts";
import type { SlurmClient } from "./client.ts";
import { baseState, type JobSeen, phaseOf } from "./states.ts";

/** One look at squeue serves everybody for this long. */
const FRESH_MS = 1_000;
/** Jobs that squeue has forgotten are asked of sacct again after this long. */
const AGAIN_MS = 5_000;
const SACCT_IDS = 1_000;
/** Ended jobs that are kept in mind. */
const MOST_PAST = 10_000;
/** The name comes last: it may hold what parts the fields. */
const FIELDS = ["JobID", "State", "Reason", "UserName", "Account", "Partition", "QOS", "NumNodes", "NodeList", "NumCPUs", "tres-alloc", "SubmitTime", "StartTime", "EndTime", "TimeLimit", "PriorityLong", "RestartCnt", "PreemptTime", "Name"] as const;

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
}

export const JOB_NAME_PREFIX = "drover-";
export const jobName = (attemptId: string): string => `${JOB_NAME_PREFIX}${attemptId}`;

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

/** One line of `squeue -O` with `|` after each field. Null where it is none. */
export function parseQueueLine(line: string): QueuedJob | null {
  const f = line.split("|");
  if (f.length < FIELDS.length || !/^\d+/.test(f[0] ?? "")) return null;
  const of = (name: (typeof FIELDS)[number]) => f[FIELDS.indexOf(name)]?.trim() ?? "";
  const tres = parseTres(of("tres-alloc"));
  const state = baseState(of("State"));
  const isOver = phaseOf(state) === "over";
  return {
    id: of("JobID"),
    name: f.slice(FIELDS.length - 1).join("|").replace(/\|$/, ""),
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
}

/** One line of `sacct -P -X -D`: JobIDRaw|JobName|State|ExitCode|Start|End|NodeList|Reason. */
export function parseAccountLine(line: string): JobSeen | null {
  const [id, name, state, exitCode, start, end, nodes, reason] = line.split("|");
  if (!id || !/^\d+$/.test(id) || name === undefined || state === undefined) return null;
  return { id, name, state: baseState(state), reason: word(reason), nodes: word(nodes) ?? "", startedAt: seconds(start), endedAt: seconds(end), exitCode: exitCode ?? null };
}

/** What Slurm knows of jobs, by one query for all: squeue while it remembers them, sacct for those that it has forgotten. */
export class JobQueue {
  private readonly client: SlurmClient;
  private byName = new Map<string, QueuedJob[]>();
  private byId = new Map<string, QueuedJob>();
  private readAt = 0;
  private reading: Promise<void> | null = null;
  /** By number: of several jobs, where Slurm has given the number again. */
  private readonly past = new Map<string, { at: number; jobs: JobSeen[] }>();
  private asked = new Set<string>();
  private asking: Promise<void> | null = null;
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
      const byName = new Map<string, QueuedJob[]>();
      const byId = new Map<string, QueuedJob>();
      for (const line of text.split("\n")) {
        const job = line === "" ? null : parseQueueLine(line);
        if (!job) continue;
        byId.set(job.id, job);
        byName.set(job.name, [...(byName.get(job.name) ?? []), job]);
      }
      this.byName = byName;
      this.byId = byId;
      if (!this.reachable) log.info("Slurm answers", { jobs: byId.size });
      this.reachable = true;
      this.askedAt = askedAt;
    } catch (error) {
      if (this.reachable || this.readAt === 0) log.warn("Slurm cannot be asked; jobs go on", { reason: messageOf(error) });
      this.reachable = false;
    } finally {
      this.readAt = performance.now();
    }
  }

  /** By number and name, so that a number that Slurm gave again is nobody's end. */
  async cancel(attemptId: string, ids: readonly string[], ...how: string[]): Promise<void> {
    if (ids.length > 0) await this.client.run("scancel", ["--quiet", `--name=${jobName(attemptId)}`, ...how, ...ids]);
  }

  jobs(): QueuedJob[] {
    return [...this.byId.values()];
  }

  /** A number alone is not enough: a controller that lost its state gives the same ones again, to anybody. */
  find(id: string, attemptId: string): QueuedJob | undefined {
    const job = this.byId.get(id);
    return job?.name === jobName(attemptId) ? job : undefined;
  }

  /** One whose start is on record, as squeue has it since then: the last look may be from before the start, and so may one that is under way. */
  async begun(id: string, attemptId: string): Promise<QueuedJob | undefined> {
    for (let looks = 0; ; looks += 1) {
      const job = this.find(id, attemptId);
      if (job && phaseOf(job.state) !== "waiting") return job;
      if (looks === 2 || (looks > 0 && !this.reachable)) return undefined;
      await this.refresh(0);
    }
  }

  /** The jobs of one attempt that squeue still lists, oldest first. */
  named(attemptId: string): QueuedJob[] {
    return (this.byName.get(jobName(attemptId)) ?? []).toSorted((a, b) => Number(a.id) - Number(b.id));
  }

  /**
   * What accounting says of a job that squeue does not list. Undefined: not known yet, or accounting cannot be asked. Null:
   * it does not know it either. It may say that the job waits or runs: slurmdbd hears of ends later, or squeue was asked
   * before the job was made. All who ask at once share one query.
   */
  async remembered(id: string, attemptId: string): Promise<JobSeen | null | undefined> {
    const ours = () => this.past.get(id)?.jobs.find(({ name }) => name === jobName(attemptId)) ?? null;
    const known = this.past.get(id);
    const isFinal = phaseOf(ours()?.state ?? "PENDING") === "over";
    if (known && (isFinal || performance.now() - known.at < AGAIN_MS)) return ours();
    if (this.past.size > MOST_PAST) this.past.clear();
    this.asked.add(id);
    this.asking ??= new Promise<void>((resolve) => setTimeout(resolve, 5)).then(() => this.askAccounting()).finally(() => (this.asking = null));
    await this.asking;
    return this.past.has(id) ? ours() : undefined;
  }

  private async askAccounting(): Promise<void> {
    const ids = [...this.asked].slice(0, SACCT_IDS);
    for (const id of ids) this.asked.delete(id);
    try {
      const text = await this.client.run("sacct", ["-n", "-P", "-X", "-D", "-j", ids.join(","), "-o", "JobIDRaw,JobName%200,State,ExitCode,Start,End,NodeList%2000,Reason"]);
      for (const id of ids) this.past.set(id, { at: performance.now(), jobs: [] });
      // Of a job that was requeued there are several lines; the first is the one that ran.
      for (const line of text.split("\n")) {
        const job = parseAccountLine(line);
        if (job) this.past.get(job.id)?.jobs.push(job);
      }
    } catch (error) {
      log.debug("Slurm's accounting cannot be asked", { reason: messageOf(error) });
    }
  }

  /** Ids of an attempt's jobs that accounting knows by name; empty where it cannot be asked. */
  async searchPast(attemptId: string, sinceMs: number): Promise<JobSeen[]> {
    try {
      const text = await this.client.run("sacct", ["-n", "-P", "-X", "-D", "--name", jobName(attemptId), "-S", `now-${Math.ceil((Date.now() - sinceMs) / 3_600_000) + 1}hours`, "-o", "JobIDRaw,JobName%200,State,ExitCode,Start,End,NodeList%2000,Reason"]);
      return text.split("\n").flatMap((line) => parseAccountLine(line) ?? []);
    } catch {
      return [];
    }
  }
}
