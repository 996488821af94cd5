import { initTRPC } from "@trpc/server";
import superjson from "superjson";
import { DomainError, notFound } from "../../domain/shared/errors.ts";
import type { Permission } from "../../domain/access/permissions.ts";
import { resolveAccess } from "../access/session.ts";
import type { BaseCtx, Ctx } from "./context.ts";
import { formatError, toTrpcError } from "./errors.ts";

/** `permission`: what the procedure needs. `public` and `signed-in` are for the few that come before an organization. */
export interface Meta {
  permission: Permission | "public" | "signed-in";
}

const t = initTRPC.context<BaseCtx>().meta<Meta>().create({
  transformer: superjson,
  errorFormatter: formatError,
  isDev: false,
});

export const router = t.router;
export const createCallerFactory = t.createCallerFactory;

const mapErrors = t.middleware(async ({ next }) => {
  const result = await next();
  if (result.ok) return result;
  throw toTrpcError(result.error);
});

/** The only way to declare a procedure inside an organization: no permission, no procedure. */
export function procedure(permission: Permission) {
  return t.procedure.meta({ permission }).use(mapErrors).use(async ({ ctx, next }) => {
    if (!ctx.caller) throw new DomainError("unauthenticated", "Sign in and try again.");
    const access = await resolveAccess(ctx.db, ctx.caller, ctx.orgSlug);
    if (!access) throw notFound(); // an organization one is not in does not exist
    const grant = access.grantFor(permission);
    if (!grant) throw new DomainError("forbidden", `This needs the permission ${permission}. Ask an organization admin for it.`, { context: { permission } });
    const guarded: Ctx = { ...ctx, caller: ctx.caller, actor: ctx.caller.actor, orgId: access.orgId, orgSlug: access.orgSlug, grant, grantFor: access.grantFor };
    return next({ ctx: guarded });
  });
}

/** For the few procedures that come before an organization is chosen. Listed by name in the permission test. */
export function openProcedure(permission: "public" | "signed-in") {
  return t.procedure.meta({ permission }).use(mapErrors).use(async ({ ctx, next }) => {
    if (permission === "signed-in" && !ctx.caller) throw new DomainError("unauthenticated", "Sign in and try again.");
    return next({ ctx });
  });
}
