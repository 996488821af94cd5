import { reason } from "../../log.ts";
import type { OutsideJob } from "../../protocol/messages.ts";
import { NotNow, type OutsideAccounting, type OutsideAnswer } from "../driver.ts";
import { type Books, readTime, type SlurmAccounting } from "./accounting.ts";
import { type SlurmClient, SlurmRefused } from "./client.ts";
import { expandHosts } from "./foreign.ts";
import { JOB_NAME_PREFIX } from "./names.ts";
import { type JobQueue, parseTres, sizeMib } from "./queue.ts";
import { phaseOf } from "./states.ts";

/** The name comes last: it may hold what parts the fields. */
const FIELDS = "JobIDRaw,Start,End,User,Account,AllocTRES%500,NodeList%20000,JobName%200";
const TIMEOUT_MS = 120_000;
const MOST_NODES = 10_000;

/** One line of `sacct -P -X -D --noconvert` about a job that held something; null where it is none, or one of Drover's own. */
export function parseOutside(line: string, { gpus, shards }: Books, isAlive: (job: string) => boolean): OutsideJob | null {
  const [job, start, end, user, account, tres, nodes, ...name] = line.split("|");
  const startedAt = readTime(start);
  if (!job || !/^\d+$/.test(job) || startedAt === null || !nodes || nodes === "None assigned" || name.length === 0) return null;
  const called = name.join("|");
  if (called.startsWith(JOB_NAME_PREFIX)) return null;
  const held = parseTres(tres ?? "");
  const endedAt = readTime(end);
  return {
    job,
    name: called.slice(0, 200),
    user: (user ?? "").slice(0, 128),
    account: (account ?? "").slice(0, 128),
    nodes: expandHosts(nodes).slice(0, MOST_NODES),
    startedAt,
    endedAt,
    isAlive: endedAt === null && isAlive(job),
    cpus: Number(held.get("cpu") ?? 0),
    memoryMib: sizeMib(held.get("mem") ?? "0"),
    gpus: gpus ? Number(held.get("gres/gpu") ?? 0) : 0,
    shares: shards ? Number(held.get("gres/shard") ?? 0) : 0,
  };
}

/** slurmdbd's word on jobs that others gave to Slurm. Those that it has without an end live only where squeue has them too. */
export class SlurmOutside implements OutsideAccounting {
  readonly source = "slurm";
  private readonly client: SlurmClient;
  private readonly queue: JobQueue;
  private readonly accounting: SlurmAccounting;

  constructor(client: SlurmClient, queue: JobQueue, accounting: SlurmAccounting) {
    this.client = client;
    this.queue = queue;
    this.accounting = accounting;
  }

  async read(seconds: number): Promise<OutsideAnswer> {
    try {
      const books = await this.accounting.readBooks();
      if (!books.keeps) return { kind: "none", why: "This Slurm keeps no accounting (AccountingStorageType is not slurmdbd)." };
      await this.queue.refresh();
      const alive = new Set(this.queue.reachable ? this.queue.jobs().filter(({ state }) => phaseOf(state) === "running").map(({ id }) => id) : []);
      const text = await this.client.run("sacct", ["-n", "-P", "-X", "-D", "-a", "--noconvert", "-S", `now-${Math.ceil(seconds)}seconds`, "-o", FIELDS], TIMEOUT_MS);
      return { kind: "told", jobs: text.split("\n").flatMap((line) => parseOutside(line, books, (job) => alive.has(job)) ?? []) };
    } catch (error) {
      if (error instanceof NotNow || error instanceof SlurmRefused) return { kind: "later", why: reason(error) };
      throw error;
    }
  }
}
