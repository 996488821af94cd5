import type { Grant } from "../../domain/access/roles.ts";
import type { Permission } from "../../domain/access/permissions.ts";
import type { Db } from "../../db/client.ts";
import type { Actor } from "../access/actor.ts";

/** Who is calling, before an organization or permission is known. Made once per request by server/access/session.ts. */
export interface Caller {
  actor: Actor;
  email: string | null;
  /** Row of the person's session; absent for tokens. */
  sessionId?: string;
  /** The organization a token belongs to; null for people, who name one in the `x-drover-org` header. */
  tokenOrgId: string | null;
  tokenPermissions: ReadonlySet<string> | null;
  tokenProject: { id: string; teamId: string } | null;
}

export interface BaseCtx {
  db: Db;
  requestId: string;
  /** null: signed out. */
  caller: Caller | null;
  /** Slug from the `x-drover-org` header. */
  orgSlug: string | null;
}

/** What every guarded procedure, command and query gets. `orgId` is never taken from input. */
export interface Ctx extends BaseCtx {
  caller: Caller;
  actor: Actor;
  orgId: string;
  orgSlug: string;
  /** What the caller holds for the procedure's permission. */
  grant: Grant;
  /** The same for another permission (`runs:cancel-any` beside `runs:cancel`); null when not held. */
  grantFor: (permission: Permission) => Grant | null;
}
