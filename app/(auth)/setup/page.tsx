import type { Metadata } from "next";
import { Suspense } from "react";
import { Setup } from "../../../components/access/setup-form.tsx";
import { HydrateClient, prefetch, trpc } from "../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Set up", referrer: "no-referrer" };

export default async function SetupPage({ searchParams }: { searchParams: Promise<{ token?: string | string[] }> }) {
  const given = (await searchParams).token;
  const token = typeof given === "string" && given ? given.slice(0, 200) : "none";
  prefetch(trpc.access.setupState.queryOptions({ token }));
  return (
    <HydrateClient>
      <Suspense>
        <Setup token={token} />
      </Suspense>
    </HydrateClient>
  );
}
