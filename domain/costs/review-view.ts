import type { WitnessLine, WitnessSource } from "./witness.ts";

/** How the evidence of hours in which more was held than there was names an hour, UTC; in PostgreSQL's words. */
export const OVERHELD_HOUR = "YYYY-MM-DD HH24:MI";

/** `amount`: what the difference comes to at the prices at which the attempt was charged; null where nothing of it was priced. */
export interface ReviewLine extends WitnessLine {
  amount: string | null;
}
/** Something about usage that somebody has to look at, or has. */
export interface ReviewRow {
  id: string;
  message: string;
  clusterId: string;
  cluster: string;
  run: { id: string; name: string } | null;
  attempt: number | null;
  openedAt: Date;
  /** Of two witnesses: what each says. Empty for claims of other kinds. */
  lines: ReviewLine[];
  resolvedAt: Date | null;
  resolvedBy: string | null;
  note: string | null;
}
/** A cluster's second witness. */
export interface WitnessStand {
  clusterId: string;
  cluster: string;
  source: WitnessSource;
  /** Why it cannot be asked. */
  trouble: string | null;
  heardAt: Date;
  agreed: number;
  differed: number;
}
export interface ReviewsView {
  currency: string;
  rows: ReviewRow[];
  hasMore: boolean;
  witnesses: WitnessStand[];
}
