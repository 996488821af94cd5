"use client";
import { MantineProvider } from "@mantine/core";
import { NuqsAdapter } from "nuqs/adapters/next/app";
import { lazy, Suspense, useEffect, useState } from "react";
import { ApiProvider } from "./api.tsx";
import { cssVariables, theme } from "./theme.ts";

const Notices = lazy(() => import("./notices.tsx").then((module) => ({ default: module.Notices })));

/** What every page has, signed in or not. */
export function RootProviders({ children }: { children: React.ReactNode }) {
  const [isDrawn, setDrawn] = useState(false);
  useEffect(() => setDrawn(true), []);
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <NuqsAdapter>
        <ApiProvider org={null}>{children}</ApiProvider>
      </NuqsAdapter>
      {isDrawn && <Suspense fallback={null}><Notices /></Suspense>}
    </MantineProvider>
  );
}
