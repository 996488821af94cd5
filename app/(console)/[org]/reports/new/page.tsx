import type { Metadata } from "next";
import type { SearchParams } from "nuqs/server";
import { Suspense } from "react";
import { NewReportPage } from "../../../../../components/experiments/reports/report-editor.tsx";
import { ReportSkeleton } from "../../../../../components/experiments/reports/report-shell.tsx";
import { loadReportsParams } from "../../../../../components/experiments/reports/reports-params.ts";

export const metadata: Metadata = { title: "New report" };

export default async function NewReport({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const { project } = await loadReportsParams(searchParams);
  return <Suspense fallback={<ReportSkeleton />}><NewReportPage scope={project} /></Suspense>;
}
