"use client";
import { paths } from "../../../paths.ts";
import { useCan, useOrg } from "../../providers/viewer.tsx";
import { PageHeader } from "../../ui/page-header.tsx";
import { TabLinks } from "../../ui/tab-links.tsx";

/** Title and tabs of the token pages. Those who manage no tokens see their own only, without tabs. */
export function TokensFrame({ count, actions, children }: { count?: number; actions?: React.ReactNode; children: React.ReactNode }) {
  const org = useOrg();
  const manages = useCan("tokens:manage").ok;
  const tabs = [
    { href: paths.tokensTab(org, "mine"), label: "Mine" },
    { href: paths.tokensTab(org, "service-accounts"), label: "Service accounts" },
    { href: paths.tokensTab(org, "all"), label: "All tokens" },
  ];
  return (
    <>
      <PageHeader title="Tokens" count={count} actions={actions} breadcrumbs={[]} subtitle="For the CLI and the API. A token never does more than its owner may at that moment." />
      {manages && <TabLinks label="Tokens" tabs={tabs} />}
      {children}
    </>
  );
}
