"use client";
import { lazy } from "react";
import { AfterDrawn } from "./after-drawn.tsx";
import { ApiProvider } from "./api.tsx";
import { LiveProvider } from "./live.tsx";
import { OrgProvider } from "./viewer.tsx";

const Dialogs = lazy(() => import("./dialogs.tsx").then((module) => ({ default: module.Dialogs })));

/** What pages inside one organization have beside RootProviders: its own cache, its event stream, dialogs. */
export function ConsoleProviders({ org, children }: { org: string; children: React.ReactNode }) {
  return (
    <ApiProvider org={org}>
      <OrgProvider value={org}>
        <LiveProvider org={org}>
          {children}
          <AfterDrawn><Dialogs /></AfterDrawn>
        </LiveProvider>
      </OrgProvider>
    </ApiProvider>
  );
}
