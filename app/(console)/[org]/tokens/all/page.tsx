import type { Metadata } from "next";
import { Suspense } from "react";
import { NeedsPermission } from "../../../../../components/access/needs-permission.tsx";
import { BY_CURSOR } from "../../../../../components/access/pages.ts";
import { AllTokensPage } from "../../../../../components/access/tokens/all-tokens-page.tsx";
import { TokensSkeleton } from "../../../../../components/access/tokens/tokens-skeleton.tsx";
import { HydrateClient, prefetch, trpc } from "../../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "All tokens" };

export default function AllTokens() {
  prefetch(trpc.access.tokens.infiniteQueryOptions({ limit: 50 }, BY_CURSOR) as never);
  return (
    <HydrateClient>
      <NeedsPermission permission="tokens:manage" title="Tokens">
        <Suspense fallback={<TokensSkeleton />}>
          <AllTokensPage />
        </Suspense>
      </NeedsPermission>
    </HydrateClient>
  );
}
