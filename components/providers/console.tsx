"use client";
import { lazy, Suspense, useEffect, useState } from "react";
import { ApiProvider } from "./api.tsx";
import { LiveProvider } from "./live.tsx";
import { OrgProvider } from "./viewer.tsx";

const Dialogs = lazy(() => import("./dialogs.tsx").then((module) => ({ default: module.Dialogs })));

/** What pages inside one organization have beside RootProviders: its own cache, its event stream, dialogs. */
export function ConsoleProviders({ org, children }: { org: string; children: React.ReactNode }) {
  const [isDrawn, setDrawn] = useState(false);
  useEffect(() => setDrawn(true), []);
  return (
    <ApiProvider org={org}>
      <OrgProvider value={org}>
        <LiveProvider org={org}>
          {children}
          {isDrawn && <Suspense fallback={null}><Dialogs /></Suspense>}
        </LiveProvider>
      </OrgProvider>
    </ApiProvider>
  );
}
