import type { Handler, MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import { clients } from "../../db/client.ts";
import type { Permission } from "../../domain/access/permissions.ts";
import { DomainError, notFound } from "../../domain/shared/errors.ts";
import type { BaseCtx, Ctx } from "../trpc/context.ts";
import { recordDenied } from "./denied.ts";
import { refuseForeignOrigin } from "./same-origin.ts";
import { createContext, resolveAccess } from "./session.ts";

/** Hono variables behind `guard()`: `c.get("ctx")`. */
export interface GuardedEnv {
  Variables: { ctx: Ctx };
}

/** What a route declares: the permission it needs, or why it needs none. */
export type RouteAccess = { permission: Permission } | { open: string };

const declared = new WeakMap<object, RouteAccess>();

/** What a route's handler declares; undefined for one that is neither `guard` nor `open`. The permission test fails for a route without any. */
export const routeAccess = (handler: Handler | MiddlewareHandler): RouteAccess | undefined => declared.get(handler);

/**
 * First handler of every raw route inside an organization: `app.get("/api/x", guard("runs:read"), (c) => { const ctx = c.get("ctx"); … })`.
 * The organization comes from `x-drover-org` or `?org=`; a token implies its own. 401 signed out, 404 outside the organization,
 * 403 without the permission. Writes with a cookie must come from our own origin.
 */
export function guard(permission: Permission): MiddlewareHandler<GuardedEnv> {
  const handler: MiddlewareHandler<GuardedEnv> = async (c, next) => {
    refuseForeignOrigin(c.req.raw);
    const base = await createContext(c.req.raw.headers, c.req.query("org"));
    c.set("ctx", await enter(base, permission, `${c.req.method} ${routePath(c)}`));
    await next();
  };
  declared.set(handler, { permission });
  return handler;
}

/** First handler of a route whose own handler finds the caller and checks this permission, because its callers expect other answers. */
export function declareAccess(permission: Permission): MiddlewareHandler {
  const handler: MiddlewareHandler = async (_c, next) => next();
  declared.set(handler, { permission });
  return handler;
}

/** First handler of a route that anybody may call, or that knows its callers in another way. Say which. */
export function open(reason: string): MiddlewareHandler {
  const handler: MiddlewareHandler = async (_c, next) => next();
  declared.set(handler, { open: reason });
  return handler;
}

/**
 * From "somebody calls" to "this caller may do this here". The one gate of tRPC and raw routes.
 * @param what Named in the audit log when refused.
 */
export async function enter(base: BaseCtx, permission: Permission, what: string): Promise<Ctx> {
  const { caller } = base;
  if (!caller) throw new DomainError("unauthenticated", "Sign in and try again.");
  const access = await resolveAccess(base.db, caller, base.orgSlug);
  if (!access) throw notFound(); // an organization one is not in does not exist
  const grant = access.grantFor(permission);
  if (!grant) {
    const message = `This needs the permission ${permission}. Ask an organization admin for it.`;
    await recordDenied(base.db, { orgId: access.orgId, actor: caller.actor, requestId: base.requestId, what, permission, message });
    throw new DomainError("forbidden", message, { context: { permission } });
  }
  return { ...base, db: clients().tenant(access.orgId).db, caller, actor: caller.actor, orgId: access.orgId, orgSlug: access.orgSlug, grant, grantFor: access.grantFor };
}
