import { createLoader, parseAsIsoDate, parseAsString } from "nuqs/server";
import type { ListAudit } from "../../../domain/access/inputs.ts";

/** The URL of the audit log. Days are UTC days, so that a link means the same to everybody. */
export const auditParams = {
  actor: parseAsString,
  action: parseAsString,
  target: parseAsString.withDefault(""),
  from: parseAsIsoDate,
  to: parseAsIsoDate,
  /** The entry that the drawer shows. */
  entry: parseAsString,
};
export const loadAuditParams = createLoader(auditParams);
export type AuditParams = Awaited<ReturnType<typeof loadAuditParams>>;

const DAY_MS = 86_400_000;

/** What the server is asked for. `to` is the last day that is included. */
export function auditInput({ actor, action, target, from, to }: Omit<AuditParams, "entry">): ListAudit {
  return {
    limit: 50,
    ...(actor ? { actorId: actor } : {}),
    ...(action && /^[a-z-]+(\.[a-z-]+)?$/.test(action) ? { action } : {}),
    ...(target.trim() ? { targetId: target.trim().slice(0, 200) } : {}),
    ...(from ? { from } : {}),
    ...(to ? { to: new Date(to.getTime() + DAY_MS) } : {}),
  };
}

export const isAuditNarrowed = ({ actor, action, target, from, to }: Omit<AuditParams, "entry">): boolean => Boolean(actor || action || target.trim() || from || to);
