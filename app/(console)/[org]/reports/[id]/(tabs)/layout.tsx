import { Suspense } from "react";
import { ReportShell, ReportSkeleton } from "../../../../../../components/experiments/reports/report-shell.tsx";

export default async function ReportTabs({ children, params }: { children: React.ReactNode; params: Promise<{ id: string }> }) {
  const { id } = await params;
  return (
    <Suspense fallback={<ReportSkeleton />}>
      <ReportShell id={id}>{children}</ReportShell>
    </Suspense>
  );
}
