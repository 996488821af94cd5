"use client";
import { paths } from "../../../paths.ts";
import { useOrg } from "../../providers/viewer.tsx";
import { useTabs } from "../../shell/use-tabs.ts";
import { PageHeader } from "../../ui/page-header.tsx";
import { TabLinks } from "../../ui/tab-links.tsx";

/** Title and tabs of the people pages; `count` is of people. */
export function PeopleFrame({ count, actions, children }: { count?: number; actions?: React.ReactNode; children: React.ReactNode }) {
  const tabs = useTabs(paths.people(useOrg()));
  return (
    <>
      <PageHeader title="People and roles" count={count} actions={actions} breadcrumbs={[]} />
      <TabLinks label="People and roles" tabs={tabs} />
      {children}
    </>
  );
}
