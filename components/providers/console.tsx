"use client";
import { ModalsProvider } from "@mantine/modals";
import { ApiProvider } from "./api.tsx";
import { LiveProvider } from "./live.tsx";
import { OrgProvider } from "./viewer.tsx";

/** What pages inside one organization have beside RootProviders: its own cache, its event stream, dialogs. */
export function ConsoleProviders({ org, children }: { org: string; children: React.ReactNode }) {
  return (
    <ApiProvider org={org}>
      <OrgProvider value={org}>
        <LiveProvider org={org}>
          <ModalsProvider>{children}</ModalsProvider>
        </LiveProvider>
      </OrgProvider>
    </ApiProvider>
  );
}
