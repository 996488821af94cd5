"use client";
import { MantineProvider } from "@mantine/core";
import { NuqsAdapter } from "nuqs/adapters/next/app";
import { lazy } from "react";
import { AfterDrawn } from "./after-drawn.tsx";
import { ApiProvider } from "./api.tsx";
import { cssVariables, theme } from "./theme.ts";

const Notices = lazy(() => import("./notices.tsx").then((module) => ({ default: module.Notices })));

/** What every page has, signed in or not. */
export function RootProviders({ children }: { children: React.ReactNode }) {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <NuqsAdapter>
        <ApiProvider org={null}>{children}</ApiProvider>
      </NuqsAdapter>
      <AfterDrawn><Notices /></AfterDrawn>
    </MantineProvider>
  );
}
