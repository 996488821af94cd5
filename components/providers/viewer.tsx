"use client";
import { useSuspenseQuery } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import { PERMISSIONS, type Permission } from "../../domain/access/permissions.ts";
import type { Allowed } from "../../domain/experiments/run-view.ts";
import { useTRPC } from "./api.tsx";

const OrgContext = createContext<string | null>(null);
export const OrgProvider = OrgContext.Provider;

/** Slug of the organization this page is in. */
export function useOrg(): string {
  const org = useContext(OrgContext);
  if (!org) throw new Error("useOrg outside app/(console)/[org].");
  return org;
}

/** Who looks: name, organization, projects, and the permissions held. Prefetched by the console's layout. */
export function useViewer() {
  const trpc = useTRPC();
  return useSuspenseQuery(trpc.access.viewer.queryOptions()).data;
}

/**
 * May the viewer do this, and if not, what is missing? For buttons; the server checks again.
 * @param projectId Where it would be done; without it, somewhere in the organization is enough.
 */
export function useCan(permission: Permission, projectId?: string): Allowed {
  const viewer = useViewer();
  const held = projectId ? viewer.projects.find((project) => project.id === projectId)?.held : viewer.held;
  if (held?.includes(permission)) return { ok: true };
  const where = projectId ? "in this project" : `in ${viewer.org.name}`;
  return { ok: false, reason: `You need the permission “${PERMISSIONS[permission].says}” (${permission}) ${where}. An organization admin can give it.` };
}

/** Projects, not archived, in which the viewer may do this. */
export function useProjectsWhere(permission: Permission) {
  return useViewer().projects.filter(({ held, archived }) => !archived && held.includes(permission));
}
