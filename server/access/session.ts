import { randomUUID } from "node:crypto";
import { clients, type Db } from "../../db/client.ts";
import type { Permission } from "../../domain/access/permissions.ts";
import { type Grant, grantsOf } from "../../domain/access/roles.ts";
import { isTokenShaped } from "../../domain/access/token-format.ts";
import type { BaseCtx, Caller } from "../trpc/context.ts";
import { auth } from "./auth.ts";
import { noteTokenUse } from "./commands/token-use.ts";
import { findLiveToken, findStanding } from "./queries.ts";
import { findTokenEntry } from "./queries/token-entry.ts";
import { sha256 } from "./secrets.ts";

export interface Access {
  orgId: string;
  orgSlug: string;
  grantFor: (permission: Permission) => Grant | null;
}

/** Who calls: by `Authorization: Bearer drv_…`, else by session cookie. A bad token is nobody, never the cookie's person. */
export async function findCaller(db: Db, headers: Headers): Promise<Caller | null> {
  const bearer = /^Bearer\s+(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  if (bearer) return callerOfToken(db, bearer);
  const found = headers.has("cookie") ? await auth().api.getSession({ headers }) : null;
  if (!found) return null;
  return {
    actor: { type: "user", id: found.user.id, name: found.user.name, tokenId: null },
    email: found.user.email,
    sessionId: found.session.id,
    tokenOrgId: null,
    tokenPermissions: null,
    tokenProject: null,
  };
}

async function callerOfToken(db: Db, token: string): Promise<Caller | null> {
  if (!isTokenShaped(token)) return null;
  const row = await findLiveToken(db, sha256(token));
  if (!row) return null;
  noteTokenUse(db, row.id);
  return toCaller(row);
}

const toCaller = (row: NonNullable<Awaited<ReturnType<typeof findLiveToken>>>): Caller => ({
  actor: { type: row.principalType, id: row.principalId, name: row.principalName, tokenId: row.id },
  email: null,
  tokenOrgId: row.orgId,
  tokenPermissions: new Set(row.permissions),
  tokenProject: row.projectId && row.projectTeamId ? { id: row.projectId, teamId: row.projectTeamId } : null,
});

/** A token and what it may do in one project of its organization, read at once. null: no such token now. `project` is null where there is none of that name; `access` where the token's owner holds no role. */
export async function enterByToken(db: Db, token: string, projectSlug: string) {
  if (!isTokenShaped(token)) return null;
  const row = await findTokenEntry(db, sha256(token), projectSlug);
  if (!row) return null;
  noteTokenUse(db, row.id);
  const caller = toCaller(row);
  const access: Access | null = row.bindings.length === 0 ? null : { orgId: row.orgId, orgSlug: row.orgSlug, grantFor: grantsOf(row.orgId, row.bindings, caller) };
  return { caller, access, project: row.project };
}

/** The caller's rights in one organization. null: no such organization, or not in it; the two look the same. */
export async function resolveAccess(db: Db, caller: Caller, orgSlug: string | null): Promise<Access | null> {
  const found = await findStanding(db, caller.actor.id, caller.tokenOrgId, orgSlug);
  if (!found || (caller.tokenOrgId && caller.tokenOrgId !== found.id) || found.bindings.length === 0) return null;
  return {
    orgId: found.id,
    orgSlug: found.slug,
    grantFor: grantsOf(found.id, found.bindings, caller),
  };
}

/** Context of one request, for tRPC, for routes of our own, and for server components. */
export async function createContext(headers: Headers, orgSlug?: string): Promise<BaseCtx> {
  const { db } = clients();
  return {
    db,
    requestId: headers.get("x-request-id")?.slice(0, 64) ?? randomUUID(),
    caller: await findCaller(db, headers),
    orgSlug: orgSlug ?? headers.get("x-drover-org"),
  };
}
