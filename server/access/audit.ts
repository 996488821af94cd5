import { auditLog } from "../../db/schema/access.ts";
import type { Tx } from "../../db/client.ts";
import type { AuditAction } from "../../domain/access/audit-actions.ts";
import type { Actor } from "./actor.ts";

export interface AuditEntry {
  action: AuditAction;
  target: { type: string; id: string; name?: string };
  projectId?: string | null;
  before?: unknown;
  after?: unknown;
  reason?: string;
}

/** Same transaction as the change: if the entry cannot be written, the change did not happen. Never put secrets in before/after. */
export async function audit(tx: Tx, by: { orgId: string; actor: Actor; requestId: string | null }, entry: AuditEntry): Promise<void> {
  await tx.insert(auditLog).values({
    orgId: by.orgId,
    projectId: entry.projectId ?? null,
    actorType: by.actor.type,
    actorId: by.actor.id,
    actorName: by.actor.name,
    tokenId: by.actor.tokenId,
    requestId: by.requestId,
    action: entry.action,
    targetType: entry.target.type,
    targetId: entry.target.id,
    targetName: entry.target.name ?? null,
    before: entry.before ?? null,
    after: entry.after ?? null,
    reason: entry.reason ?? null,
  });
}
