import { clients } from "../db/client.ts";
import { requireRole } from "../db/roles.ts";
import { env } from "../env.ts";
import { agentServices } from "./agents/services.ts";
import { openBus, setBus } from "./bus.ts";
import { closeJobs, openJobs } from "./jobs/queue.ts";
import { startWorker } from "./jobs/worker.ts";
import { log } from "./log.ts";

/** Placement, leases and background jobs. All state is in Postgres: start as many as you like, stop them as you like. */
async function main(): Promise<void> {
  await requireRole("drover_app", clients().sql);
  const bus = await openBus(clients().sql);
  setBus(bus);
  const boss = await openJobs(env().DATABASE_URL, "worker");
  const worker = await startWorker(agentServices(), boss);
  log().info("worker ready");
  const stop = async () => {
    await closeJobs().catch(() => {});
    await worker.stop();
    await bus.close().catch(() => {});
    await clients().close();
    process.exit(0);
  };
  process.once("SIGTERM", () => void stop()).once("SIGINT", () => void stop());
}

main().catch((error: unknown) => {
  log().fatal({ err: error }, error instanceof Error ? error.message : "the worker could not start");
  process.exit(1);
});
