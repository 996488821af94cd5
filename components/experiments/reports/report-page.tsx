"use client";
import { Button } from "@mantine/core";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useQueryStates } from "nuqs";
import { Suspense } from "react";
import type { ReportDetail } from "../../../domain/experiments/report-view.ts";
import { paths } from "../../../paths.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useOrg } from "../../providers/viewer.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Guarded } from "../../ui/guarded.tsx";
import { notifyDone, notifyError } from "../../ui/notify.ts";
import { Ago } from "../../ui/time.tsx";
import { WhyBox } from "../../ui/why-box.tsx";
import { LazyReportBody } from "./lazy-report-body.tsx";
import { ReportComments } from "./report-comments.tsx";
import { reportInput, reportParams } from "./reports-params.ts";

/** A report to read, and what people say to it. */
export function ReportPage({ id }: { id: string }) {
  const trpc = useTRPC();
  const org = useOrg();
  const [{ version }] = useQueryStates(reportParams);
  const report = useSuspenseQuery(trpc.reports.get.queryOptions(reportInput(id, version))).data;
  return (
    <>
      {report.version !== report.newest && <OldVersion report={report} />}
      {report.body.trim() === "" ? (
        <EmptyState title="Nothing is written yet" action={<Guarded allowed={report.can.write}><Button component={Link} href={paths.editReport(org, id)}>Edit</Button></Guarded>}>Its words, charts and tables will stand here.</EmptyState>
      ) : <Suspense fallback={<div style={{ minHeight: 320 }} aria-busy="true" />}><LazyReportBody body={report.body} project={report.project.slug} /></Suspense>}
      <ReportComments id={id} allowed={report.can.write} />
    </>
  );
}

function OldVersion({ report }: { report: ReportDetail }) {
  const trpc = useTRPC();
  const org = useOrg();
  const [, setParams] = useQueryStates(reportParams);
  const { id, title, body, version, newest } = report;
  const restore = useMutation(trpc.reports.update.mutationOptions({
    onSuccess: () => {
      notifyDone(`Version ${version} is the newest again.`);
      void setParams({ version: null });
    },
    onError: notifyError(`Version ${version} was not restored`),
  }));
  return (
    <WhyBox
      tone="neutral"
      title={`Version ${version} of ${newest}`}
      detail={<>Written by {report.updatedByName}, <Ago at={report.updatedAt} />. <Link href={paths.report(org, id)}>Show the newest</Link></>}
      action={<Guarded allowed={report.can.write}><Button variant="default" loading={restore.isPending} onClick={() => restore.mutate({ id, title, body, from: newest })}>Restore this version</Button></Guarded>}
    />
  );
}
