import { initTRPC } from "@trpc/server";
import superjson from "superjson";
import { DomainError } from "../../domain/shared/errors.ts";
import { findUnkeepable } from "../../domain/shared/unkeepable.ts";
import type { Permission } from "../../domain/access/permissions.ts";
import { recordDenied } from "../access/denied.ts";
import { enter } from "../access/guard.ts";
import { createContext } from "../access/session.ts";
import type { BaseCtx } from "./context.ts";
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

/** Context of one request. What fails in here no procedure's middleware sees: its text is hidden right away. */
export async function createTrpcContext(headers: Headers, orgSlug?: string): Promise<BaseCtx> {
  try {
    return await createContext(headers, orgSlug);
  } catch (error) {
    throw toTrpcError(error);
  }
}

export const router = t.router;
export const createCallerFactory = t.createCallerFactory;

const mapErrors = t.middleware(async ({ next }) => {
  const result = await next();
  if (result.ok) return result;
  throw toTrpcError(result.error);
});

/** What no text of the database can hold would fail there as an error of ours. */
const refuseUnkeepable = t.middleware(async ({ next, getRawInput }) => {
  const found = findUnkeepable(await getRawInput());
  if (found) throw new DomainError("invalid", `${found.field}: ${found.message}`, { issues: [found] });
  return next();
});

/** An endless list in a browser also says which way it reads. Ours read one way, so their strict inputs need not know. */
const dropDirection = t.middleware(({ next, getRawInput }) =>
  next({
    getRawInput: async () => {
      const input = await getRawInput();
      if (typeof input !== "object" || input === null || !("direction" in input)) return input;
      return Object.fromEntries(Object.entries(input).filter(([name]) => name !== "direction"));
    },
  }),
);

/** The only way to declare a procedure inside an organization: no permission, no procedure. */
export function procedure(permission: Permission) {
  return t.procedure.meta({ permission }).use(mapErrors).use(refuseUnkeepable).use(dropDirection).use(async ({ ctx, next, path }) => {
    const guarded = await enter(ctx, permission, path);
    const result = await next({ ctx: guarded });
    const refused = !result.ok && result.error.cause;
    if (refused instanceof DomainError && refused.code === "forbidden") await recordDenied(ctx.db, { ...guarded, what: path, permission, message: refused.message });
    return result;
  });
}

/** For the few procedures that come before an organization is chosen. Listed by name in the permission test. */
export function openProcedure(permission: "public" | "signed-in") {
  return t.procedure.meta({ permission }).use(mapErrors).use(refuseUnkeepable).use(async ({ ctx, next }) => {
    if (permission === "signed-in" && !ctx.caller) throw new DomainError("unauthenticated", "Sign in and try again.");
    return next({ ctx });
  });
}
