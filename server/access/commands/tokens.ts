import { and, eq, isNull, sql } from "drizzle-orm";
import { randomBytes } from "node:crypto";
import type { Tx } from "../../../db/client.ts";
import { apiTokens, roleBindings, serviceAccounts } from "../../../db/schema/access.ts";
import { newId } from "../../../db/schema/columns.ts";
import type { CreateMyToken, CreateServiceAccount, CreateToken } from "../../../domain/access/inputs.ts";
import type { Permission } from "../../../domain/access/permissions.ts";
import { fitsProject } from "../../../domain/access/roles.ts";
import { formatToken, type TokenKind } from "../../../domain/access/token-format.ts";
import { grantableTo } from "../../../domain/access/token-rights.ts";
import { covers } from "../../../domain/access/scopes.ts";
import { DomainError, notFound } from "../../../domain/shared/errors.ts";
import type { Ctx } from "../../trpc/context.ts";
import { audit } from "../audit.ts";
import { publishAccess } from "../publish.ts";
import { findManagedToken, findMyToken, findServiceAccount } from "../queries/tokens.ts";
import { findProject } from "../queries/tree.ts";
import { sha256 } from "../secrets.ts";
import { refuseUngivable } from "./roles.ts";

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** 256 random bits as 43 base62 characters. */
function tokenSecret(): string {
  let value = BigInt(`0x${randomBytes(32).toString("hex")}`);
  let text = "";
  for (; value > 0n; value /= 62n) text = BASE62[Number(value % 62n)] + text;
  return text.padStart(43, "0");
}

/** The token itself is in the answer and nowhere else: only its hash is kept. */
export interface NewToken {
  id: string;
  token: string;
  expiresAt: Date;
}

/** A token of the caller's own, for at most what they hold (in `projectId`, or anywhere) now; what they lose later, it loses too. */
export async function createMyToken(ctx: Ctx, input: CreateMyToken): Promise<NewToken> {
  refuseTokenCaller(ctx);
  const made = await ctx.db.transaction(async (tx) => {
    const project = input.projectId ? await findProject(tx, ctx.orgId, ctx.grantFor("projects:read"), input.projectId) : null;
    if (input.projectId && !project) throw notFound();
    const held = (name: Permission) => {
      const grant = ctx.grantFor(name);
      return project ? fitsProject(name) && covers(grant, { type: "project", id: project.id, teamId: project.teamId }) : grant !== null;
    };
    refuseUnheld(input.permissions.filter((name) => !held(name)), project ? `in ${project.name}` : "in this organization");
    return insertToken(tx, ctx, { kind: "pat", principalId: ctx.actor.id, projectId: project?.id ?? null, input });
  });
  await publishAccess(ctx.orgId);
  return made;
}

/** A token of a service account, bound to its project. */
export async function createToken(ctx: Ctx, input: CreateToken): Promise<NewToken> {
  refuseTokenCaller(ctx);
  const made = await ctx.db.transaction(async (tx) => {
    const account = await findServiceAccount(tx, ctx, input.serviceAccountId);
    if (!account) throw notFound();
    if (account.disabledAt) throw new DomainError("conflict", `The service account ${account.name} is disabled. Create another one.`);
    const may = grantableTo(ctx, account.roles, { type: "project", id: account.projectId, teamId: account.teamId });
    refuseUnheld(input.permissions.filter((name) => !may.includes(name)), `both by you and by ${account.name}`);
    return insertToken(tx, ctx, { kind: "sat", principalId: account.id, projectId: account.projectId, input });
  });
  await publishAccess(ctx.orgId);
  return made;
}

/** Otherwise a leaked token could make itself successors that outlive it. */
function refuseTokenCaller(ctx: Ctx): void {
  if (ctx.actor.type !== "user" || ctx.actor.tokenId) throw new DomainError("forbidden", "A token cannot create tokens. Sign in to the console and create it there.");
}

function refuseUnheld(names: Permission[], where: string): void {
  if (names.length === 0) return;
  const message = `Not held ${where}: ${names.join(", ")}. A token never does more than its owner may.`;
  throw new DomainError("forbidden", message, { issues: [{ field: "permissions", message }] });
}

/** Adds `org:read` to what was asked: a token can always say who it is and where. */
async function insertToken(tx: Tx, ctx: Ctx, of: { kind: TokenKind; principalId: string; projectId: string | null; input: CreateMyToken | CreateToken }): Promise<NewToken> {
  const id = newId("token");
  const secret = tokenSecret();
  const token = formatToken(of.kind, id, secret);
  const { name, permissions, expiresInDays } = of.input;
  const [row] = await tx
    .insert(apiTokens)
    .values({
      id, orgId: ctx.orgId, projectId: of.projectId, principalType: of.kind === "pat" ? "user" : "service_account", principalId: of.principalId, name,
      hash: sha256(token), lastFour: secret.slice(-4), permissions: [...new Set<Permission>(["org:read", ...permissions])], createdBy: ctx.actor.id, expiresAt: sql`now() + make_interval(days => ${expiresInDays})`,
    })
    .returning({ expiresAt: apiTokens.expiresAt });
  await audit(tx, ctx, { action: "token.create", target: { type: "token", id, name }, projectId: of.projectId, after: { name, principalId: of.principalId, projectId: of.projectId, permissions, expiresAt: row!.expiresAt } });
  return { id, token, expiresAt: row!.expiresAt };
}

/** Any token that the caller manages. It stops working with its next request. */
export async function revokeToken(ctx: Ctx, { id }: { id: string }): Promise<void> {
  await revoke(ctx, id, findManagedToken);
}

export async function revokeMyToken(ctx: Ctx, { id }: { id: string }): Promise<void> {
  await revoke(ctx, id, findMyToken);
}

async function revoke(ctx: Ctx, id: string, find: typeof findMyToken): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const token = await find(tx, ctx, id);
    if (!token) throw notFound();
    const [row] = await tx.update(apiTokens).set({ revokedAt: sql`now()` }).where(and(eq(apiTokens.id, id), isNull(apiTokens.revokedAt))).returning({ id: apiTokens.id });
    if (!row) throw new DomainError("conflict", "This token was revoked already.");
    await audit(tx, ctx, { action: "token.revoke", target: { type: "token", id, name: token.name }, projectId: token.projectId });
  });
  await publishAccess(ctx.orgId);
}

/** Somebody that is not a person, in one project, with one role there. */
export async function createServiceAccount(ctx: Ctx, input: CreateServiceAccount): Promise<{ id: string }> {
  const id = await ctx.db.transaction(async (tx) => {
    const project = await findProject(tx, ctx.orgId, ctx.grantFor("projects:read"), input.projectId);
    if (!project) throw notFound();
    const scope = { type: "project" as const, id: project.id, teamId: project.teamId };
    if (!covers(ctx.grant, scope)) throw new DomainError("forbidden", `You need the permission tokens:manage in the project ${project.name}. Ask an organization admin for it.`);
    refuseUngivable(input.role, scope, ctx.grantFor);
    const [row] = await tx.insert(serviceAccounts).values({ orgId: ctx.orgId, projectId: project.id, name: input.name, createdBy: ctx.actor.id }).onConflictDoNothing().returning({ id: serviceAccounts.id });
    if (!row) {
      const message = `${project.name} has a service account called ${input.name} already.`;
      throw new DomainError("conflict", message, { issues: [{ field: "name", message }] });
    }
    const binding = { role: input.role, scopeType: scope.type, scopeId: scope.id };
    await tx.insert(roleBindings).values({ orgId: ctx.orgId, principalType: "service_account", principalId: row.id, ...binding, grantedBy: ctx.actor.id });
    await audit(tx, ctx, { action: "service-account.create", target: { type: "service_account", id: row.id, name: input.name }, projectId: project.id, after: { name: input.name, role: input.role, projectName: project.name } });
    return row.id;
  });
  await publishAccess(ctx.orgId);
  return { id };
}

/** For good: its tokens stop working at once. The account stays in the audit log and beside what it did. */
export async function disableServiceAccount(ctx: Ctx, { id }: { id: string }): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const account = await findServiceAccount(tx, ctx, id);
    if (!account) throw notFound();
    const [row] = await tx.update(serviceAccounts).set({ disabledAt: sql`now()` }).where(and(eq(serviceAccounts.id, id), isNull(serviceAccounts.disabledAt))).returning({ id: serviceAccounts.id });
    if (!row) throw new DomainError("conflict", "This service account is disabled already.");
    await audit(tx, ctx, { action: "service-account.disable", target: { type: "service_account", id, name: account.name }, projectId: account.projectId });
  });
  await publishAccess(ctx.orgId);
}
