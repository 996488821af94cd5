import { and, arrayContains, eq } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { webhookDeliveries, webhooks } from "../../../db/schema/models.ts";
import type { WebhookEvent } from "../../../domain/models/webhooks.ts";
import { enqueue } from "../../jobs/queue.ts";

/** One message for each active webhook of the project that asked for this. The worker sends them once the change is committed. */
export async function queueDeliveries(tx: Tx, projectId: string, event: WebhookEvent, data: Record<string, unknown>): Promise<void> {
  const hooks = await tx.select({ id: webhooks.id, orgId: webhooks.orgId }).from(webhooks).where(and(eq(webhooks.projectId, projectId), eq(webhooks.status, "ACTIVE"), arrayContains(webhooks.events, [event])));
  if (hooks.length === 0) return;
  await tx.insert(webhookDeliveries).values(hooks.map(({ id, orgId }) => ({ orgId, webhookId: id, event, data })));
  await enqueue(tx, "models.deliverWebhooks", {});
}
