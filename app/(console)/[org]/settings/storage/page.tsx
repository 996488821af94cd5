import type { Metadata } from "next";
import { Suspense } from "react";
import { SettingsFrame } from "../../../../../components/access/settings/settings-frame.tsx";
import { StoragePage } from "../../../../../components/experiments/storage/storage-page.tsx";
import { TableSkeleton } from "../../../../../components/table/table-skeleton.tsx";
import { HydrateClient, prefetch, trpc } from "../../../../../server/trpc/rsc.tsx";

export const metadata: Metadata = { title: "Storage" };

export default function Storage() {
  prefetch(trpc.storage.use.queryOptions());
  prefetch(trpc.storage.rules.queryOptions());
  return (
    <HydrateClient>
      <Suspense fallback={<SettingsFrame><TableSkeleton flat rows={3} columns={[{ key: "what", title: "What", grow: true }, { key: "objects", title: "Objects", align: "right" }, { key: "size", title: "Size", align: "right" }]} /></SettingsFrame>}>
        <StoragePage />
      </Suspense>
    </HydrateClient>
  );
}
