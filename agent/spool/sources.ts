import type { AttemptRecord } from "../attempts/record.ts";
import { MetricSource } from "./metric-source.ts";

/** One metric source per attempt, shared by the loop that sends points and the one that drops bytes. */
export class Sources {
  private readonly open = new Map<AttemptRecord, Promise<MetricSource>>();

  of(record: AttemptRecord): Promise<MetricSource> {
    const known = this.open.get(record) ?? MetricSource.open(record);
    this.open.set(record, known);
    return known;
  }

  /** Lets go of attempts that are forgotten. */
  keepOnly(records: readonly AttemptRecord[]): void {
    const kept = new Set(records);
    for (const record of this.open.keys()) if (!kept.has(record)) this.open.delete(record);
  }
}
