import { sql } from "drizzle-orm";
import type { Tx } from "./client.ts";

/** Told to those who listen on the channel when this transaction commits, and never if it does not. At most 8,000 bytes. */
export async function notifyWithin(tx: Tx, channel: string, payload: string): Promise<void> {
  await tx.execute(sql`select pg_notify(${channel}, ${payload})`);
}
