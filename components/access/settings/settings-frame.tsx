"use client";
import { paths } from "../../../paths.ts";
import { useCan, useOrg } from "../../providers/viewer.tsx";
import { PageHeader } from "../../ui/page-header.tsx";
import { TabLinks } from "../../ui/tab-links.tsx";

/** Title and tabs of the settings. */
export function SettingsFrame({ children }: { children: React.ReactNode }) {
  const org = useOrg();
  const manages = useCan("org:manage").ok;
  return (
    <>
      <PageHeader title="Settings" breadcrumbs={[]} />
      {manages && <TabLinks label="Settings" tabs={[{ href: paths.settings(org), label: "General" }, { href: paths.storage(org), label: "Storage" }]} />}
      {children}
    </>
  );
}
