import type { Metadata } from "next";
import { Suspense } from "react";
import { EditReportPage } from "../../../../../../components/experiments/reports/report-editor.tsx";
import { ReportSkeleton } from "../../../../../../components/experiments/reports/report-shell.tsx";

export const metadata: Metadata = { title: "Edit" };

export default async function EditReport({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return <Suspense fallback={<ReportSkeleton />}><EditReportPage id={id} /></Suspense>;
}
