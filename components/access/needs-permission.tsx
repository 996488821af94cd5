"use client";
import { IconLock } from "@tabler/icons-react";
import type { Permission } from "../../domain/access/permissions.ts";
import { useCan } from "../providers/viewer.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { PageHeader } from "../ui/page-header.tsx";

/** A page that somebody reached by its URL without the permission: what is missing, instead of an error. */
export function NeedsPermission({ permission, title, children }: { permission: Permission; title: string; children: React.ReactNode }) {
  const allowed = useCan(permission);
  if (allowed.ok) return children;
  return (
    <>
      <PageHeader title={title} breadcrumbs={[]} />
      <EmptyState title="You may not see this page" icon={<IconLock size={22} stroke={1.5} />}>{allowed.reason}</EmptyState>
    </>
  );
}
