import type { Db } from "../../db/client.ts";
import { log } from "../log.ts";
import type { Actor } from "./actor.ts";
import { audit } from "./audit.ts";

const ONCE_PER_MS = 60_000;
const MOST_REMEMBERED = 5_000;
const recent = new Map<string, number>();

/** A refused attempt: who, in which organization, at what (`experiments.cancel`, `PUT /api/code/:sha256`). */
export interface Denied {
  orgId: string;
  actor: Actor;
  requestId: string;
  what: string;
  permission: string | null;
  message: string;
}

/**
 * Leaves a refused attempt in the audit log. The same attempt by the same actor is kept once a minute, so a page that polls
 * without permission cannot fill the log. Never fails the request that it reports.
 */
export async function recordDenied(db: Db, denied: Denied): Promise<void> {
  if (!isFirstLately(`${denied.orgId} ${denied.actor.id} ${denied.actor.tokenId} ${denied.what}`)) return;
  try {
    await db.transaction((tx) =>
      audit(tx, denied, {
        action: "denied.permission",
        target: { type: "procedure", id: denied.what, name: denied.permission ?? undefined },
        reason: denied.message,
      }),
    );
  } catch (err) {
    log().warn({ err, what: denied.what }, "could not record a refused attempt");
  }
}

function isFirstLately(key: string): boolean {
  const now = Date.now();
  const last = recent.get(key);
  if (last !== undefined && now - last < ONCE_PER_MS) return false;
  if (recent.size >= MOST_REMEMBERED) {
    for (const [old, at] of recent) if (now - at >= ONCE_PER_MS) recent.delete(old);
    if (recent.size >= MOST_REMEMBERED) recent.clear();
  }
  recent.set(key, now);
  return true;
}
