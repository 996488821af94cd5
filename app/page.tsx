import { redirect } from "next/navigation";
import { EmptyState } from "../components/ui/empty-state.tsx";
import { paths } from "../paths.ts";
import { getQueryClient, trpc } from "../server/trpc/rsc.tsx";

/** To one's first organization, or to sign-in. */
export default async function Home() {
  const me = await getQueryClient().fetchQuery(trpc.access.me.queryOptions()).catch((error: { code?: string }) => {
    if (error.code === "UNAUTHORIZED") return null;
    throw error;
  });
  if (!me) redirect(paths.signIn());
  const [first] = me.orgs;
  if (first) redirect(paths.overview(first.slug));
  return (
    <main style={{ display: "grid", minHeight: "100dvh", placeItems: "center" }}>
      <EmptyState title="You are in no organization">Ask an administrator for an invitation, and open its link while signed in as {me.user.email ?? me.user.name}.</EmptyState>
    </main>
  );
}
