import type { DbOrTx } from "../../../db/client.ts";
import { readChunks } from "./log-chunks.ts";

const READ_BYTES = 4 * 1024 * 1024;

/** The raw bytes of an attempt's log as it is stored now, one stream's or both as they were read; never more than one read of it in memory. */
export async function* logBytes(db: DbOrTx, attempt: { id: string }, stream?: "stdout" | "stderr"): AsyncGenerator<Uint8Array> {
  let after = -1;
  for (;;) {
    const chunks = await readChunks(db, { attemptId: attempt.id, after, stream, maxBytes: READ_BYTES });
    for (const { bytes } of chunks) yield bytes;
    if (chunks.length === 0) return;
    after = chunks.at(-1)!.seq;
  }
}
