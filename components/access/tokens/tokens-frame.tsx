"use client";
import { paths } from "../../../paths.ts";
import { useOrg } from "../../providers/viewer.tsx";
import { useTabs } from "../../shell/use-tabs.ts";
import { PageHeader } from "../../ui/page-header.tsx";
import { TabLinks } from "../../ui/tab-links.tsx";

/** Title and tabs of the token pages. Those who manage no tokens see their own only, without tabs. */
export function TokensFrame({ count, actions, children }: { count?: number; actions?: React.ReactNode; children: React.ReactNode }) {
  const tabs = useTabs(paths.tokens(useOrg()));
  return (
    <>
      <PageHeader title="Tokens" count={count} actions={actions} breadcrumbs={[]} subtitle="For the CLI and the API. A token never does more than its owner may at that moment." />
      <TabLinks label="Tokens" tabs={tabs} />
      {children}
    </>
  );
}
