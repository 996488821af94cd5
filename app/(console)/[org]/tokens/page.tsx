import type { Metadata } from "next";
import { Suspense } from "react";
import { BY_CURSOR } from "../../../../components/access/pages.ts";
import { MyTokensPage } from "../../../../components/access/tokens/my-tokens-page.tsx";
import { TokensSkeleton } from "../../../../components/access/tokens/tokens-skeleton.tsx";
import { HydrateClient, prefetch, trpc } from "../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Tokens" };

export default function MyTokens() {
  prefetch(trpc.access.myTokens.infiniteQueryOptions({ limit: 50 }, BY_CURSOR) as never);
  return (
    <HydrateClient>
      <Suspense fallback={<TokensSkeleton action />}>
        <MyTokensPage />
      </Suspense>
    </HydrateClient>
  );
}
