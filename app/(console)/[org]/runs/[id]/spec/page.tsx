import type { Metadata } from "next";
import { Suspense } from "react";
import { LazyRunSpecView } from "../../../../../../components/experiments/spec/lazy-spec-view.tsx";
import { TabSkeleton } from "../../../../../../components/experiments/run/run-skeletons.tsx";

export const metadata: Metadata = { title: "Spec" };

export default async function Spec({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return (
    <Suspense fallback={<TabSkeleton />}>
      <LazyRunSpecView id={id} />
    </Suspense>
  );
}
