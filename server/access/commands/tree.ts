import { and, eq } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { orgs, projects, teams } from "../../../db/schema/access.ts";
import type { CreateProject, CreateTeam, UpdateOrg, UpdateProject, UpdateTeam } from "../../../domain/access/inputs.ts";
import { covers } from "../../../domain/access/scopes.ts";
import { DomainError, notFound } from "../../../domain/shared/errors.ts";
import { slugify } from "../../../domain/shared/id-format.ts";
import type { Ctx } from "../../trpc/context.ts";
import { audit } from "../audit.ts";
import { publishAccess } from "../publish.ts";
import { findProject, findScope, holdTeamOpen, lockOrg } from "../queries/tree.ts";

/** Rename the organization. Its slug stays, so that links keep working. */
export async function updateOrg(ctx: Ctx, input: UpdateOrg): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const before = await lockOrg(tx, ctx.orgId);
    if (before.name === input.name) return;
    await tx.update(orgs).set({ name: input.name }).where(eq(orgs.id, ctx.orgId));
    await audit(tx, ctx, { action: "org.update", target: { type: "organization", id: ctx.orgId, name: input.name }, before: { name: before.name }, after: { name: input.name } });
  });
  await publishAccess(ctx.orgId);
}

export async function createTeam(ctx: Ctx, input: CreateTeam): Promise<{ id: string; slug: string }> {
  const team = await ctx.db.transaction(async (tx) => {
    const slug = input.slug ?? slugify(input.name);
    const [row] = await tx.insert(teams).values({ orgId: ctx.orgId, name: input.name, slug }).onConflictDoNothing().returning();
    if (!row) throw slugTaken("team", slug);
    await audit(tx, ctx, { action: "team.create", target: { type: "team", id: row.id, name: row.name }, after: { name: row.name, slug } });
    return row;
  });
  await publishAccess(ctx.orgId);
  return { id: team.id, slug: team.slug };
}

export async function updateTeam(ctx: Ctx, input: UpdateTeam): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const [before] = await tx.select().from(teams).where(and(eq(teams.orgId, ctx.orgId), eq(teams.id, input.id))).for("update");
    if (!before) throw notFound();
    if (before.name === input.name) return;
    await tx.update(teams).set({ name: input.name }).where(eq(teams.id, input.id));
    await audit(tx, ctx, { action: "team.update", target: { type: "team", id: input.id, name: input.name }, before: { name: before.name }, after: { name: input.name } });
  });
  await publishAccess(ctx.orgId);
}

/** A project in a team where the caller manages projects. Its slug is unique in the whole organization: URLs name it without the team. */
export async function createProject(ctx: Ctx, input: CreateProject): Promise<{ id: string; slug: string }> {
  const project = await ctx.db.transaction(async (tx) => {
    const team = await findScope(tx, ctx, "team", input.teamId);
    if (!team) throw notFound();
    if (!covers(ctx.grant, team)) throw new DomainError("forbidden", `You need the permission projects:manage on the team ${team.name}. Ask an organization admin for it.`);
    await holdTeamOpen(tx, team.id);
    const slug = input.slug ?? slugify(input.name);
    const [row] = await tx.insert(projects).values({ orgId: ctx.orgId, teamId: team.id, name: input.name, slug }).onConflictDoNothing().returning();
    if (!row) throw slugTaken("project", slug);
    await audit(tx, ctx, { action: "project.create", target: { type: "project", id: row.id, name: row.name }, projectId: row.id, after: { name: row.name, slug, teamId: team.id, teamName: team.name } });
    return row;
  });
  await publishAccess(ctx.orgId);
  return { id: project.id, slug: project.slug };
}

export async function updateProject(ctx: Ctx, input: UpdateProject): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const before = await lockReached(tx, ctx, input.id);
    if (before.name === input.name) return;
    await tx.update(projects).set({ name: input.name }).where(eq(projects.id, input.id));
    await audit(tx, ctx, { action: "project.update", target: { type: "project", id: input.id, name: input.name }, projectId: input.id, before: { name: before.name }, after: { name: input.name } });
  });
  await publishAccess(ctx.orgId);
}

/** The project, locked. Invisible: not_found. Visible but not the caller's to change: forbidden. */
export async function lockReached(tx: Tx, ctx: Ctx, id: string): Promise<typeof projects.$inferSelect> {
  if (await findProject(tx, ctx.orgId, ctx.grant, id)) {
    const [project] = await tx.select().from(projects).where(eq(projects.id, id)).for("update");
    return project!;
  }
  if (await findProject(tx, ctx.orgId, ctx.grantFor("projects:read"), id)) throw new DomainError("forbidden", `You need the permission ${ctx.grant.permission} in this project. Ask an organization admin for it.`);
  throw notFound();
}

function slugTaken(what: string, slug: string): DomainError {
  const message = `Another ${what} of this organization has the short name ${slug}. Choose another.`;
  return new DomainError("conflict", message, { issues: [{ field: "slug", message }] });
}
