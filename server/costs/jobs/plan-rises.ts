import { and, eq, isNull, sql } from "drizzle-orm";
import type { Db } from "../../../db/client.ts";
import { costDeliveries, costSchedules } from "../../../db/schema/schedules.ts";
import { DAY_MS, dayOf } from "../../../domain/costs/days.ts";
import { freshRises, isSameRise, type RiseNotice } from "../../../domain/costs/rise-notice.ts";
import { listAnomalies } from "../queries/anomalies.ts";
import { wholeOrg, narrowed } from "../queries/report.ts";
import { readStand } from "../queries/spend.ts";
import { eachSchedule, type Schedule } from "./each-schedule.ts";

/** What rose in the days that became complete since the last look: a delivery for each finding that nobody was told of yet. What fails for one schedule holds up nobody else's. */
export async function planRises(db: Db): Promise<void> {
  await eachSchedule(db, "telling of rises", eq(costSchedules.cadence, "rises"), (schedule) => look(db, schedule));
}

async function look(db: Db, schedule: Schedule): Promise<void> {
  const { completeTo, currency } = await readStand(db, schedule.orgId);
  const last = completeTo && dayOf(completeTo.getTime() - DAY_MS);
  if (!last || schedule.lookedTo === last) return; // no other day is complete: there is nothing new
  const reader = narrowed(wholeOrg(db, schedule.orgId), { type: schedule.scopeType, id: schedule.scopeId });
  const found = (await listAnomalies(reader, last)).map((one): RiseNotice => ({ ...one, currency }));
  await tell(db, schedule, found, last);
}

async function tell(db: Db, { id, orgId }: Schedule, found: readonly RiseNotice[], last: string): Promise<void> {
  await db.transaction(async (tx) => {
    const [schedule] = await tx.select().from(costSchedules).where(and(eq(costSchedules.id, id), isNull(costSchedules.pausedAt))).for("update"); // one worker at a time
    if (!schedule || schedule.lookedTo === last) return;
    const told = await tx.selectDistinct({ key: costDeliveries.subject, from: costDeliveries.fromDay, to: costDeliveries.toDay }).from(costDeliveries).where(eq(costDeliveries.scheduleId, id));
    for (const one of found) {
      const known = told.find((before) => isSameRise(one, before));
      if (known) await tx.update(costDeliveries).set({ toDay: sql`greatest(${costDeliveries.toDay}, ${one.to})` }).where(and(eq(costDeliveries.scheduleId, id), eq(costDeliveries.subject, known.key), eq(costDeliveries.fromDay, known.from)));
    }
    const fresh = freshRises(found, told, schedule.dueAfter.getTime());
    const rows = fresh.flatMap((notice) => schedule.recipients.map((recipient) => ({ orgId, scheduleId: id, subject: notice.key, notice, recipient, dueAt: new Date(`${notice.from}T00:00:00Z`), fromDay: notice.from, toDay: notice.to })));
    if (rows.length > 0) await tx.insert(costDeliveries).values(rows).onConflictDoNothing();
    await tx.update(costSchedules).set({ lookedTo: last }).where(eq(costSchedules.id, id));
  });
}
