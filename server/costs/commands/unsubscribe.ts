import { and, eq, isNotNull } from "drizzle-orm";
import type { Db } from "../../../db/client.ts";
import { costDeliveries, costSchedules } from "../../../db/schema/schedules.ts";
import { audit } from "../../access/audit.ts";
import { SYSTEM } from "../../access/actor.ts";
import type { MailSubscription } from "../unsubscribe.ts";
import { scheduleFacts, scheduleTarget } from "./schedules.ts";
import { tellCosts } from "./tell-costs.ts";

/** An address leaves the list of a schedule, with what still waits for it. Again is no mistake. A list that is empty then is paused. */
export async function unsubscribe(db: Db, { scheduleId, recipient }: MailSubscription): Promise<void> {
  const orgId = await db.transaction(async (tx) => {
    const [before] = await tx.select().from(costSchedules).where(eq(costSchedules.id, scheduleId)).for("update");
    if (!before?.recipients.includes(recipient)) return null;
    const recipients = before.recipients.filter((one) => one !== recipient);
    await tx.delete(costDeliveries).where(and(eq(costDeliveries.scheduleId, scheduleId), eq(costDeliveries.recipient, recipient), isNotNull(costDeliveries.nextAt)));
    const [after] = await tx.update(costSchedules).set({ recipients, pausedAt: recipients.length === 0 ? (before.pausedAt ?? new Date()) : before.pausedAt }).where(eq(costSchedules.id, scheduleId)).returning();
    await audit(tx, { orgId: before.orgId, actor: { ...SYSTEM, name: recipient }, requestId: null }, { action: "schedule.unsubscribe", target: scheduleTarget(after!), before: scheduleFacts(before), after: scheduleFacts(after!) });
    return before.orgId;
  });
  if (orgId) await tellCosts({ orgId });
}
