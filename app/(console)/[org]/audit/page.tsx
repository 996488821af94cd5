import type { Metadata } from "next";
import type { SearchParams } from "nuqs/server";
import { Suspense } from "react";
import { AuditPage } from "../../../../components/access/audit/audit-page.tsx";
import { auditInput, loadAuditParams } from "../../../../components/access/audit/audit-params.ts";
import { AuditSkeleton } from "../../../../components/access/audit/audit-skeleton.tsx";
import { NeedsPermission } from "../../../../components/access/needs-permission.tsx";
import { BY_CURSOR } from "../../../../components/access/pages.ts";
import { HydrateClient, prefetch, trpc } from "../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Audit" };

export default async function Audit({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const { entry, ...params } = await loadAuditParams(searchParams);
  prefetch(trpc.access.auditLog.infiniteQueryOptions(auditInput(params), BY_CURSOR) as never);
  if (entry) prefetch(trpc.access.auditEntry.queryOptions({ id: entry }));
  return (
    <HydrateClient>
      <NeedsPermission permission="audit:read" title="Audit">
        <Suspense fallback={<AuditSkeleton />}>
          <AuditPage />
        </Suspense>
      </NeedsPermission>
    </HydrateClient>
  );
}
