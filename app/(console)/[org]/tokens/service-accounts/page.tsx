import type { Metadata } from "next";
import { Suspense } from "react";
import { NeedsPermission } from "../../../../../components/access/needs-permission.tsx";
import { BY_CURSOR } from "../../../../../components/access/pages.ts";
import { ServiceAccountsPage } from "../../../../../components/access/tokens/service-accounts-page.tsx";
import { TokensSkeleton } from "../../../../../components/access/tokens/tokens-skeleton.tsx";
import { HydrateClient, prefetch, trpc } from "../../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Service accounts" };

export default function ServiceAccounts() {
  prefetch(trpc.access.serviceAccounts.infiniteQueryOptions({ limit: 50 }, BY_CURSOR) as never);
  return (
    <HydrateClient>
      <NeedsPermission permission="tokens:manage" title="Tokens">
        <Suspense fallback={<TokensSkeleton action />}>
          <ServiceAccountsPage />
        </Suspense>
      </NeedsPermission>
    </HydrateClient>
  );
}
