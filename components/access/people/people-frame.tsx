"use client";
import { paths } from "../../../paths.ts";
import { useCan, useOrg } from "../../providers/viewer.tsx";
import { PageHeader } from "../../ui/page-header.tsx";
import { TabLinks } from "../../ui/tab-links.tsx";

/** Title and tabs of the people pages; `count` is of the open tab. */
export function PeopleFrame({ count, actions, children }: { count?: number; actions?: React.ReactNode; children: React.ReactNode }) {
  const org = useOrg();
  const manages = useCan("members:manage").ok;
  const tabs = [
    { href: paths.peopleTab(org, "members"), label: "Members" },
    { href: paths.peopleTab(org, "teams"), label: "Teams and projects" },
    ...(manages ? [{ href: paths.peopleTab(org, "invitations"), label: "Invitations" }] : []),
  ];
  return (
    <>
      <PageHeader title="People and roles" count={count} actions={actions} breadcrumbs={[]} />
      <TabLinks label="People and roles" tabs={tabs} />
      {children}
    </>
  );
}
