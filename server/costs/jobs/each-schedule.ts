import { and, isNull, type SQL } from "drizzle-orm";
import type { Db } from "../../../db/client.ts";
import { costSchedules } from "../../../db/schema/schedules.ts";
import { oneByOne } from "../../one-by-one.ts";

export type Schedule = typeof costSchedules.$inferSelect;

/** Each schedule that is not paused: what fails for one holds up nobody else's. */
export async function eachSchedule(db: Db, task: string, which: SQL | undefined, act: (schedule: Schedule) => Promise<void>): Promise<void> {
  const schedules = await db.select().from(costSchedules).where(and(which, isNull(costSchedules.pausedAt)));
  await oneByOne(task, schedules, ({ id, orgId }) => ({ schedule: id, orgId }), act);
}
