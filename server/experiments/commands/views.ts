import { and, eq } from "drizzle-orm";
import type { Tx } from "../../../db/client.ts";
import { savedViews } from "../../../db/schema/reports.ts";
import { projects } from "../../../db/schema/access.ts";
import { reaches } from "../../../domain/access/roles.ts";
import type { SaveView, UpdateView } from "../../../domain/experiments/report-inputs.ts";
import { DomainError, notFound } from "../../../domain/shared/errors.ts";
import { audit } from "../../access/audit.ts";
import type { Ctx } from "../../trpc/context.ts";
import { findViews, mayOf } from "../queries/views.ts";
import { reachedProjects } from "../queries/visible.ts";

/** A view of one's own needs only to see its project; to share it, one must be allowed to write there. */
export async function saveView(ctx: Ctx, { projectId, sharing, ...view }: SaveView): Promise<{ id: string }> {
  if (sharing === "project" && !projectId) throw new DomainError("invalid", "A shared view belongs to a project.", { issues: [{ field: "projectId", message: "Choose the project to share it in." }] });
  return ctx.db.transaction(async (tx) => {
    if (projectId) {
      const [project] = await tx.select({ id: projects.id, teamId: projects.teamId }).from(projects).where(and(reachedProjects(ctx.grant), eq(projects.id, projectId))).limit(1);
      if (!project) throw notFound();
      const writes = ctx.grantFor("reports:write");
      if (sharing === "project" && !(writes && reaches(writes, project))) throw new DomainError("forbidden", "Sharing a view needs the permission reports:write in this project.");
    }
    const [made] = await tx.insert(savedViews).values({ ...view, sharing, orgId: ctx.orgId, projectId: projectId ?? null, ownerId: ctx.actor.id }).returning({ id: savedViews.id });
    await audit(tx, ctx, { action: "view.save", target: { type: "view", id: made!.id, name: view.name }, projectId: projectId ?? null, after: { page: view.page, sharing } });
    return made!;
  });
}

/** Its owner's to change, as long as they may write where it is shared. @throws DomainError "not_found" for anybody else's. */
export async function updateView(ctx: Ctx, { id, ...patch }: UpdateView): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const before = await lockView(tx, ctx, id, "change");
    await tx.update(savedViews).set(patch).where(eq(savedViews.id, id));
    await audit(tx, ctx, { action: "view.save", target: { type: "view", id, name: patch.name ?? before.name }, projectId: before.projectId, before: { name: before.name, state: before.state }, after: patch });
  });
}

/** Also by who manages the project that it is shared in: its owner may be gone. */
export async function deleteView(ctx: Ctx, id: string): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const before = await lockView(tx, ctx, id, "remove");
    await tx.delete(savedViews).where(eq(savedViews.id, id));
    await audit(tx, ctx, { action: "view.delete", target: { type: "view", id, name: before.name }, projectId: before.projectId, before: { name: before.name, sharing: before.sharing, state: before.state } });
  });
}

async function lockView(tx: Tx, ctx: Ctx, id: string, act: "change" | "remove") {
  const [view] = await tx.select().from(savedViews).where(and(eq(savedViews.orgId, ctx.orgId), eq(savedViews.id, id))).for("update");
  const [found] = view ? await findViews(tx, ctx, eq(savedViews.id, id)) : [];
  if (!found) throw notFound();
  if (mayOf(ctx, found)[act]) return found.view;
  throw found.view.ownerId === ctx.actor.id ? new DomainError("forbidden", "Changing what is shared needs the permission reports:write in this project.") : notFound();
}
