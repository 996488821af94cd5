import { eq } from "drizzle-orm";
import { webhooks } from "../../../db/schema/models.ts";
import type { WebhookEvent, WebhookStatus } from "../../../domain/models/webhooks.ts";
import { audit } from "../../access/audit.ts";
import { seal } from "../../access/secrets.ts";
import type { WebhookRow } from "../queries/webhooks.ts";
import type { Author } from "./change.ts";

/** What a webhook's secret is sealed for. */
export const SECRET_PURPOSE = "webhook";

export interface WebhookFields {
  name: string;
  url: string;
  events: WebhookEvent[];
  description: string | null;
  status: WebhookStatus;
  /** As given; kept sealed. */
  secret: string | null;
}

/** What the audit log may hold: never the secret. */
const shown = ({ name, url, events, description, status }: Partial<Omit<WebhookFields, "events">> & { events?: string[] | undefined }) => ({ name, url, events, description, status });

export function createWebhook(by: Author, projectId: string, { secret, ...fields }: WebhookFields): Promise<WebhookRow> {
  return by.db.transaction(async (tx) => {
    const [made] = await tx.insert(webhooks).values({ ...fields, orgId: by.orgId, projectId, secret: secret === null ? null : seal(secret, SECRET_PURPOSE), createdBy: by.actor.name }).returning();
    await audit(tx, by, { action: "webhook.create", target: { type: "webhook", id: made!.id, name: made!.name }, projectId, after: shown(fields) });
    return made!;
  });
}

export function updateWebhook(by: Author, before: WebhookRow, { secret, ...fields }: Partial<WebhookFields>): Promise<WebhookRow> {
  return by.db.transaction(async (tx) => {
    const [after] = await tx.update(webhooks).set({ ...fields, ...(secret ? { secret: seal(secret, SECRET_PURPOSE) } : {}), updatedAt: new Date() }).where(eq(webhooks.id, before.id)).returning();
    await audit(tx, by, { action: "webhook.update", target: { type: "webhook", id: before.id, name: after!.name }, projectId: before.projectId, before: shown(before), after: { ...shown(after!), ...(secret ? { secret: "changed" } : {}) } });
    return after!;
  });
}

/** With what it was still to be told. */
export async function deleteWebhook(by: Author, row: WebhookRow): Promise<void> {
  await by.db.transaction(async (tx) => {
    await tx.delete(webhooks).where(eq(webhooks.id, row.id));
    await audit(tx, by, { action: "webhook.delete", target: { type: "webhook", id: row.id, name: row.name }, projectId: row.projectId, before: shown(row) });
  });
}
