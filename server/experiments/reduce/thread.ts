import { parentPort, workerData } from "node:worker_threads";
import { openSql } from "../../../db/connection.ts";
import { asTenant } from "../../../db/tenant.ts";
import type { FromThread, ToThread } from "./pool.ts";
import { readParts, type RunRow } from "./readings.ts";
import { type Answers, type Kind, reductionOf } from "./reductions.ts";

// One thread of the pool (pool.ts): reads from the database by connections of its own, unpacks and reduces. Several charts may be
// under way at once. What it reads is never in the event loop's heap, which would be collected as a whole for it after every few.

/** One reads while what the other has read is reduced. */
const CONNECTIONS = 2;
const { databaseUrl } = workerData as { databaseUrl: string };
// As db/client.ts opens a tenant's: what the database shows is the organization's and no other's. Of types none but its own are asked for.
const AS_TENANT = { max_pipeline: 1, connection: { role: "drover_tenant" } };
const pool = openSql(databaseUrl, { connect_timeout: 10, max: CONNECTIONS, fetch_types: false, ...AS_TENANT });

async function reduced({ task, orgId, readings }: ToThread): Promise<Answers[Kind]> {
  const reduction = reductionOf(task);
  const tenant = asTenant(pool, orgId);
  await readParts(readings, ({ text, params }) => tenant.unsafe<RunRow[]>(text, params as string[], { prepare: true }), reduction.add);
  return reduction.finish();
}

async function answer(message: ToThread): Promise<FromThread> {
  try {
    return { id: message.id, answer: await reduced(message) };
  } catch (error) {
    return { id: message.id, failed: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

parentPort!.on("message", (message: ToThread) => void answer(message).then((made) => parentPort!.postMessage(made, [])));
