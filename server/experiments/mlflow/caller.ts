import { randomUUID } from "node:crypto";
import type { Sql } from "postgres";
import { clients } from "../../../db/client.ts";
import type { Permission } from "../../../domain/access/permissions.ts";
import { reaches, type Grant } from "../../../domain/access/roles.ts";
import type { Actor } from "../../access/actor.ts";
import { enterByToken } from "../../access/session.ts";
import type { Ctx } from "../../trpc/context.ts";
import { findMadeBy, findRunOfToken, type ProjectRow } from "../queries/mlflow-caller.ts";
import { attemptOfToken } from "../run-token.ts";
import { MlflowError } from "./errors.ts";
import { spend } from "./ingest-limit.ts";

/** What every MLflow handler gets: the caller's rights in the one project that the URL names. */
export interface MlflowCtx extends Ctx {
  project: ProjectRow;
  /** The client that drizzle does not wrap, in the caller's organization. */
  sql: Sql;
  /** Set for the token of an attempt: it sees and writes its own run, the runs that it made inside of it, and nothing else. */
  onlyRun: OwnRun | null;
}

/** The run of an attempt's token. Who owns it owns what it makes. */
export type OwnRun = Pick<NonNullable<Awaited<ReturnType<typeof findRunOfToken>>>["run"], "id" | "experimentId" | "experimentName" | "ownerType" | "ownerId">;

/** Those of these runs that the caller's token is not kept from: for the token of an attempt its own and their children. */
export async function ownRuns(ctx: MlflowCtx, ids: readonly (string | null)[]): Promise<ReadonlySet<string | null>> {
  if (!ctx.onlyRun) return new Set(ids);
  const { id: own } = ctx.onlyRun;
  const others = [...new Set(ids)].filter((id) => id !== null && id !== own) as string[];
  return new Set([own, ...(await findMadeBy(ctx.db, own, others))]);
}

/** @param runId Null, of what belongs to no run, is nothing that a run may reach. */
export const isOwn = async (ctx: MlflowCtx, runId: string | null): Promise<boolean> => (await ownRuns(ctx, [runId])).has(runId);

/** The attempt that points come from: those of a run that it made are of no attempt of that run. */
export const attemptOf = (ctx: MlflowCtx, runId: string): string | null => (ctx.onlyRun?.id === runId ? ctx.actor.id : null);

/** The token that calls, or the attempt: what is limited, and what repeats its own requests. */
export const callerOf = ({ actor }: Pick<MlflowCtx, "actor">): string => actor.tokenId ?? actor.id;

/** `Authorization: Bearer <token>`, or Basic with the token as the password, as clients send MLFLOW_TRACKING_PASSWORD. */
export function tokenOf(headers: Headers): string | null {
  const [scheme, text] = (headers.get("authorization") ?? "").split(/\s+/, 2);
  if (!text) return null;
  if (scheme!.toLowerCase() === "bearer") return text;
  if (scheme!.toLowerCase() !== "basic") return null;
  return Buffer.from(text, "base64").toString("utf8").split(":").slice(1).join(":") || null;
}

/**
 * Who calls, and whether they may do this in that project. A project out of reach is a missing one. What writes is counted here,
 * so that no route can forget it.
 * @param forRuns May the token of an attempt come here? Its handlers then ask for `onlyRun`.
 * @throws MlflowError 401, 403, 404, or 429 for a token that writes too often.
 */
export async function enterProject(request: Request, slug: string, permission: Permission, forRuns: boolean): Promise<MlflowCtx> {
  const ctx = await enter(request, slug, permission, forRuns);
  if (!permission.endsWith(":read")) spend(callerOf(ctx), { requests: 1 });
  return ctx;
}

async function enter(request: Request, slug: string, permission: Permission, forRuns: boolean): Promise<MlflowCtx> {
  const token = tokenOf(request.headers);
  const attemptId = token ? attemptOfToken(token) : null;
  if (attemptId) return enterAsRun(request, slug, permission, { attemptId, forRuns });
  // Tokens only: a cookie's person uses the console, and no page elsewhere can make a browser log for them.
  const { db } = clients();
  const found = token ? await enterByToken(db, token, slug) : null;
  if (!found) throw new MlflowError("UNAUTHENTICATED", "Set MLFLOW_TRACKING_TOKEN to a Drover token: create one in the console, under Tokens.");
  const { caller, access, project } = found;
  const held = (name: Permission) => {
    const grant = access!.grantFor(name);
    return grant && reaches(grant, project!) ? grant : null;
  };
  if (!access || !project || !(held("runs:read") ?? held(permission))) throw noProject(slug);
  const grant = held(permission);
  if (!grant) throw new MlflowError("PERMISSION_DENIED", `This needs the permission ${permission} in the project ${slug}.`);
  return { ...clients().tenant(access.orgId), requestId: requestIdOf(request), caller, actor: caller.actor, orgId: access.orgId, orgSlug: access.orgSlug, grant, grantFor: access.grantFor, project, onlyRun: null };
}

const requestIdOf = (request: Request) => request.headers.get("x-request-id")?.slice(0, 64) ?? randomUUID();
const noProject = (slug: string) => new MlflowError("RESOURCE_DOES_NOT_EXIST", `There is no project ${slug}, or you may not see it.`);
const EXPIRED = "This token belonged to an attempt that has ended. It holds only while the attempt lives.";

async function enterAsRun(request: Request, slug: string, permission: Permission, { attemptId, forRuns }: { attemptId: string; forRuns: boolean }): Promise<MlflowCtx> {
  const { db } = clients();
  const found = await findRunOfToken(db, attemptId);
  if (!found) throw new MlflowError("UNAUTHENTICATED", EXPIRED);
  const { run, project } = found;
  if (project.slug !== slug) throw noProject(slug);
  if (!forRuns) throw new MlflowError("PERMISSION_DENIED", "The token of a run can log to its own run and to those that it makes inside of it, and do nothing else. Use a token of your own.");
  const grant: Grant = { orgId: run.orgId, permission, org: false, teams: new Set(), projects: new Set([project.id]) };
  const actor: Actor = { type: "agent", id: attemptId, name: run.name, tokenId: null };
  return {
    ...clients().tenant(run.orgId), requestId: requestIdOf(request), actor, orgId: run.orgId, orgSlug: "", grant, project,
    caller: { actor, email: null, tokenOrgId: run.orgId, tokenPermissions: null, tokenProject: project },
    grantFor: (name) => (name === permission ? grant : null),
    onlyRun: run,
  };
}
