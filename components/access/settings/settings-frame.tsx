"use client";
import { paths } from "../../../paths.ts";
import { useOrg } from "../../providers/viewer.tsx";
import { useTabs } from "../../shell/use-tabs.ts";
import { PageHeader } from "../../ui/page-header.tsx";
import { TabLinks } from "../../ui/tab-links.tsx";

/** Title and tabs of the settings. */
export function SettingsFrame({ children }: { children: React.ReactNode }) {
  const tabs = useTabs(paths.settings(useOrg()));
  return (
    <>
      <PageHeader title="Settings" breadcrumbs={[]} />
      <TabLinks label="Settings" tabs={tabs} />
      {children}
    </>
  );
}
