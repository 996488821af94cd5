"use client";
import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { NuqsAdapter } from "nuqs/adapters/next/app";
import { ApiProvider } from "./api.tsx";
import { cssVariables, theme } from "./theme.ts";

/** What every page has, signed in or not. */
export function RootProviders({ children }: { children: React.ReactNode }) {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <NuqsAdapter>
        <ApiProvider org={null}>{children}</ApiProvider>
      </NuqsAdapter>
      <Notifications position="bottom-right" limit={4} autoClose={5000} containerWidth={380} />
    </MantineProvider>
  );
}
