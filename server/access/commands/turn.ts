import type { Tx } from "../../../db/client.ts";
import { grantsOf } from "../../../domain/access/roles.ts";
import { notFound } from "../../../domain/shared/errors.ts";
import type { Ctx } from "../../trpc/context.ts";
import { listBindings } from "../queries.ts";
import { lockOrg } from "../queries/tree.ts";

/**
 * Waits until every other change of roles is done, and holds off the next ones. The caller then has the rights that are left to
 * them: whoever is removed while they wait gives nobody a role any more.
 * @throws DomainError not_found when nothing is left, as for anybody outside the organization.
 */
export async function inTurn(tx: Tx, ctx: Ctx): Promise<Ctx> {
  await lockOrg(tx, ctx.orgId);
  const grantFor = grantsOf(ctx.orgId, await listBindings(tx, ctx.orgId, ctx.actor.id), ctx.caller);
  const grant = grantFor(ctx.grant.permission);
  if (!grant) throw notFound();
  return { ...ctx, grant, grantFor };
}
