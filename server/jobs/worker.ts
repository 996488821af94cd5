import type { PgBoss } from "pg-boss";
import { sweepLeases } from "../agents/jobs/leases.ts";
import { listWaitingOrgs, placeOrg } from "../agents/jobs/placement.ts";
import { withdrawUntaken } from "../agents/jobs/untaken.ts";
import type { AgentServices } from "../agents/services.ts";
import { forgetEmbeds } from "../costs/commands/embed-sessions.ts";
import { lookAtStores } from "../costs/commands/stored.ts";
import { costsKeeper } from "../costs/jobs/keep-costs.ts";
import { sendReports } from "../costs/jobs/send-reports.ts";
import { splitDays } from "../costs/jobs/split-days.ts";
import { sumRunDays } from "../costs/jobs/sum-run-days.ts";
import { archiveLog, listUnarchived } from "../experiments/commands/archive.ts";
import { collectObjects } from "../experiments/jobs/collect-objects.ts";
import { compactMetrics, forgetReceipts } from "../experiments/jobs/compaction.ts";
import { readEventFiles } from "../experiments/jobs/event-files.ts";
import { stopIdle } from "../experiments/jobs/idle.ts";
import { applyRetention } from "../experiments/jobs/retention.ts";
import { writeRunTexts } from "../experiments/jobs/run-texts.ts";
import { estimateStarts } from "../queue/jobs/estimates.ts";
import { chargeAll } from "../queue/jobs/usage.ts";
import { eachOrg } from "../each-org.ts";
import { failpoint } from "../failpoint.ts";
import { log } from "../log.ts";
import { deliverDue, forgetOldDeliveries } from "../models/jobs/deliver.ts";
import { expireOld, keepPartitions } from "./housekeeping.ts";
import { startLoop, type Loop } from "./loop.ts";
import { doChores } from "./chores.ts";
import { JOBS, type JobName, type JobPayload } from "./registry.ts";

const PLACE_EVERY_MS = 2000;
const LEASES_EVERY_MS = 1000;
const IDLE_EVERY_MS = 15_000;
const USAGE_EVERY_MS = 60_000;
const ESTIMATE_EVERY_MS = 15_000;
const COSTS_EVERY_MS = 2000;
const SPLIT_EVERY_MS = 10_000;
const TEXTS_EVERY_MS = 5000;
const BUSY_AGAIN_MS = 100;
const STALE_UPLOAD_MS = 24 * 3_600_000;

const HANDLERS: { [Name in JobName]: (services: AgentServices, payload: JobPayload<Name>) => Promise<void> } = {
  "experiments.archiveLog": async ({ sql, bus, objects }, { attemptId }) => {
    await archiveLog(sql, bus, objects, attemptId);
  },
  "experiments.readEventFiles": async ({ sql, bus, objects }) => {
    await readEventFiles(sql, bus, objects);
  },
  "models.deliverWebhooks": async ({ sql }) => {
    await deliverDue(sql);
  },
  "clusters.keepHouse": ({ sql, db, bus, objects }) =>
    doChores({
      partitions: async () => {
        const { made, dropped } = await keepPartitions(sql);
        if (made.length + dropped.length > 0) log().info({ made, dropped }, "telemetry partitions");
      },
      expired: () => expireOld(sql),
      embeds: () => forgetEmbeds(db),
      receipts: () => forgetReceipts(sql),
      compaction: () => compactMetrics(sql, Date.now()),
      deliveries: () => forgetOldDeliveries(sql),
      uploads: () => objects.sweep(STALE_UPLOAD_MS),
      eventFiles: () => readEventFiles(sql, bus, objects), // whose job got lost
      stored: () => lookAtStores(sql, Date.now()),
      logs: async () => {
        const lost = await listUnarchived(sql, 100);
        await doChores(Object.fromEntries(lost.map((attemptId) => [`log of ${attemptId}`, () => archiveLog(sql, bus, objects, attemptId)])));
      },
    }),
  "costs.sendReports": async (services) => {
    await sendReports(services, services.now());
  },
  "experiments.keepObjects": ({ db, bus, objects }) => doChores({ retention: () => applyRetention(db, bus), collection: () => collectObjects(db, objects) }),
};

/** The reconcile loops and the job handlers of one worker. Any number of workers may run. */
export async function startWorker(services: AgentServices, boss: PgBoss): Promise<{ stop: () => Promise<void> }> {
  const placement = startPlacement(services);
  const leases = startLoop("leases", LEASES_EVERY_MS, async () => {
    await sweepLeases(services);
    await withdrawUntaken(services);
  });
  const idle = startLoop("idle", IDLE_EVERY_MS, () => stopIdle(services));
  const usage = startLoop("usage", USAGE_EVERY_MS, () => chargeAll(services));
  const estimates = startLoop("estimates", ESTIMATE_EVERY_MS, async () => estimateStarts(services, await listWaitingOrgs(services)));
  const costs = startLoop("costs", COSTS_EVERY_MS, costsKeeper(services));
  const splits = startLoop("splits", SPLIT_EVERY_MS, async () => {
    for (const orgId of await splitDays(services.sql)) services.bus.publish({ orgId, topic: "costs", id: orgId });
    await sumRunDays(services.sql);
  });
  const texts = startLoop("texts", TEXTS_EVERY_MS, async () => void (await writeRunTexts(services)));
  for (const name of Object.keys(JOBS) as JobName[]) {
    // Without the burst a worker sleeps its polling interval after every batch.
    await boss.work(name, { batchSize: 4, burstWhenBatchFull: true, pollingIntervalSeconds: 2 }, async (jobs) => {
      for (const job of jobs) await handle(services, name, job.data);
      failpoint("worker.job.before-complete");
    });
  }
  await boss.schedule("clusters.keepHouse", "*/10 * * * *", {});
  await boss.schedule("experiments.keepObjects", "23 */6 * * *", {});
  await boss.schedule("costs.sendReports", "* * * * *", {});
  await boss.schedule("models.deliverWebhooks", "* * * * *", {});
  await boss.send("clusters.keepHouse", {}, { singletonKey: "{}" });
  return {
    stop: async () => {
      await Promise.all([placement.stop(), leases.stop(), idle.stop(), usage.stop(), estimates.stop(), costs.stop(), splits.stop(), texts.stop()]);
    },
  };
}

/** The name decides what the payload must be; the registry checks it. */
async function handle(services: AgentServices, name: JobName, data: unknown): Promise<void> {
  const handler = HANDLERS[name] as (services: AgentServices, payload: unknown) => Promise<void>;
  await handler(services, JOBS[name].parse(data));
}

/** Woken per organization; every two seconds it looks at all that have something to place. */
function startPlacement(services: AgentServices): Loop {
  const asked = new Set<string>();
  let lookedAt = 0;
  const loop = startLoop("placement", PLACE_EVERY_MS, async () => {
    const orgs = new Set(asked);
    asked.clear();
    if (performance.now() - lookedAt >= PLACE_EVERY_MS || orgs.size === 0) {
      for (const orgId of await listWaitingOrgs(services)) orgs.add(orgId);
      lookedAt = performance.now();
    }
    await eachOrg("placement", orgs, async (orgId) => {
      const { busy, more } = await placeOrg(services, orgId);
      if (more) again(orgId);
      if (busy) setTimeout(() => again(orgId), BUSY_AGAIN_MS).unref();
    });
  });
  const again = (orgId: string) => {
    asked.add(orgId);
    loop.wake();
  };
  const unsubscribe = services.bus.subscribe((changes) => {
    for (const { topic, orgId } of changes) if (topic === "queue") again(orgId);
  });
  return {
    wake: loop.wake,
    stop: () => {
      unsubscribe();
      return loop.stop();
    },
  };
}
