import { and, asc, eq, gt } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { webhooks } from "../../../db/schema/models.ts";

export type WebhookRow = typeof webhooks.$inferSelect;

export async function findWebhook(db: DbOrTx, projectId: string, id: string): Promise<WebhookRow | null> {
  const [row] = await db.select().from(webhooks).where(and(eq(webhooks.projectId, projectId), eq(webhooks.id, id))).limit(1);
  return row ?? null;
}

/** In the order they were made. @param after Id of the last one of the page before. */
export function listWebhooks(db: DbOrTx, projectId: string, page: { after: string | null; limit: number }): Promise<WebhookRow[]> {
  return db.select().from(webhooks).where(and(eq(webhooks.projectId, projectId), page.after ? gt(webhooks.id, page.after) : undefined)).orderBy(asc(webhooks.id)).limit(page.limit);
}
