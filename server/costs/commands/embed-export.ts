import { eq } from "drizzle-orm";
import type { Db } from "../../../db/client.ts";
import { embedClients } from "../../../db/schema/embeds.ts";
import { audit } from "../../access/audit.ts";
import { SYSTEM } from "../../access/actor.ts";
import type { EmbedLook } from "../queries/embeds.ts";

/** Figures that leave the house are written down: by which client, for which of its viewers. */
export async function noteExport(db: Db, { orgId, clientId, viewer, report, projectIds }: EmbedLook): Promise<void> {
  await db.transaction(async (tx) => {
    const [client] = await tx.select({ name: embedClients.name }).from(embedClients).where(eq(embedClients.id, clientId));
    await audit(tx, { orgId, actor: { ...SYSTEM, name: client!.name }, requestId: null }, { action: "embed.export", target: { type: "report", id: report.id, name: report.title }, after: { client: clientId, viewer, projectIds } });
  });
}
