import type { SchedulerReport } from "../../protocol/messages.ts";
import type { SlurmClient } from "./client.ts";
import { readSurroundings } from "./inventory.ts";

type Seen = Omit<SchedulerReport, "jobs" | "jobCount">;

/** Partitions and the like seldom change: so long is what was seen of them good. */
const GOOD_FOR_MS = 30_000;

/** What Slurm has besides nodes and jobs, asked for now and then. */
export class Surroundings {
  private readonly client: SlurmClient;
  private last: { at: number; seen: Seen } | null = null;

  constructor(client: SlurmClient) {
    this.client = client;
  }

  /** Null until Slurm has told of them once. */
  async read(): Promise<Seen | null> {
    if (!this.last || performance.now() - this.last.at > GOOD_FOR_MS) {
      const seen = await readSurroundings(this.client).catch(() => this.last?.seen);
      this.last = seen ? { at: performance.now(), seen } : null;
    }
    return this.last?.seen ?? null;
  }
}
