import type { Metadata } from "next";
import { cookies } from "next/headers";
import { notFound, redirect } from "next/navigation";
import { ConsoleProviders } from "../../../components/providers/console.tsx";
import { Shell } from "../../../components/shell/shell.tsx";
import { paths } from "../../../paths.ts";
import { getQueryClient, HydrateClient, prefetch, requestPath, trpc } from "../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { robots: { index: false } };

/** Signed in, and in this organization: else sign-in (and back here), or 404. */
export default async function ConsoleLayout({ children, params }: { children: React.ReactNode; params: Promise<{ org: string }> }) {
  const { org } = await params;
  prefetch(trpc.access.me.queryOptions());
  try {
    await getQueryClient().fetchQuery(trpc.access.viewer.queryOptions());
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "UNAUTHORIZED") redirect(paths.signIn(await requestPath()));
    if (code === "NOT_FOUND") notFound();
    throw error;
  }
  const collapsed = (await cookies()).get("drover-nav")?.value === "collapsed";
  return (
    <ConsoleProviders key={org} org={org}>
      <HydrateClient>
        <Shell collapsed={collapsed}>{children}</Shell>
      </HydrateClient>
    </ConsoleProviders>
  );
}
