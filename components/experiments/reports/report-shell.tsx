"use client";
import { Button, Skeleton } from "@mantine/core";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { ReportDetail } from "../../../domain/experiments/report-view.ts";
import { paths } from "../../../paths.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useOrg } from "../../providers/viewer.tsx";
import { Guarded } from "../../ui/guarded.tsx";
import { notifyDone, notifyError } from "../../ui/notify.ts";
import { PageHeader } from "../../ui/page-header.tsx";
import { TabLinks } from "../../ui/tab-links.tsx";
import { Ago } from "../../ui/time.tsx";

/** What both tabs of a report share: its title, who changed it last, the acts. */
export function ReportShell({ id, children }: { id: string; children: React.ReactNode }) {
  const org = useOrg();
  const report = useSuspenseQuery(useTRPC().reports.get.queryOptions({ id })).data;
  const tabs = [{ href: paths.report(org, id), label: "Report" }, { href: paths.reportVersions(org, id), label: "Versions", count: report.newest }];
  return (
    <>
      <PageHeader
        title={report.title}
        breadcrumbs={[{ label: "Reports", href: paths.reports(org) }]}
        badge={report.archivedAt ? <span className="dim">archived</span> : undefined}
        subtitle={<>{report.project.name} · written by {report.createdByName} · version {report.newest} by {report.updatedByName}, <Ago at={report.updatedAt} /></>}
        actions={<Acts report={report} />}
      />
      <TabLinks tabs={tabs} label="Report" />
      {children}
    </>
  );
}

function Acts({ report }: { report: ReportDetail }) {
  const trpc = useTRPC();
  const org = useOrg();
  const { id, title, can } = report;
  const archived = report.archivedAt !== null;
  const set = useMutation(trpc.reports.archive.mutationOptions({ onSuccess: () => notifyDone(archived ? `${title} is back in the list.` : `${title} is archived; its link still works.`), onError: notifyError(`${title} was not ${archived ? "restored" : "archived"}`) }));
  return (
    <>
      <Guarded allowed={can.write}><Button variant="default" loading={set.isPending} onClick={() => set.mutate({ id, archived: !archived })}>{archived ? "Restore" : "Archive"}</Button></Guarded>
      <Guarded allowed={can.write}><Button component={Link} href={paths.editReport(org, id)}>Edit</Button></Guarded>
    </>
  );
}

export function ReportSkeleton() {
  return (
    <div aria-busy="true" aria-label="Loading report">
      <Skeleton width={280} height={26} mb={16} />
      <Skeleton width={180} height={34} mb={16} />
      <Skeleton width="60%" height={120} mb={16} />
      <Skeleton height={320} />
    </div>
  );
}
