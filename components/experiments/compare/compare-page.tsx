"use client";
import { Button } from "@mantine/core";
import Link from "next/link";
import { Suspense, useMemo } from "react";
import { MAX_COMPARED } from "../../../domain/experiments/compare/buckets.ts";
import { plural } from "../../../domain/shared/format.ts";
import { paths } from "../../../paths.ts";
import { HighlightProvider } from "../../charts/highlight.tsx";
import { useOrg } from "../../providers/viewer.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { PageHeader } from "../../ui/page-header.tsx";
import { AddChart, AskEarly } from "./charts-tab.tsx";
import { comparedIds } from "./compare-params.ts";
import { CompareBody } from "./compare-body.tsx";
import { RunList } from "./run-list.tsx";
import { CompareContext, useComparedRuns, useCompareState } from "./use-compare.ts";
import classes from "./compare.module.css";

/** Up to a hundred runs side by side; everything that is chosen stands in the URL. */
export function ComparePage() {
  const org = useOrg();
  const [{ runs }] = useCompareState();
  const ids = useMemo(() => comparedIds(runs), [runs]);
  if (ids.length > 0) return <ComparedPage ids={ids} />;
  return (
    <>
      <PageHeader title="Compare" breadcrumbs={[{ label: "Runs", href: paths.runs(org) }]} />
      <EmptyState title="No runs chosen" action={<Button component={Link} href={paths.runs(org)}>Choose runs</Button>}>
        Select up to {MAX_COMPARED} runs in the list and press Compare: their metrics, parameters, code and files then stand side by side.
      </EmptyState>
    </>
  );
}

function ComparedPage({ ids }: { ids: string[] }) {
  const org = useOrg();
  const compared = useComparedRuns(ids);
  const [{ show }] = useCompareState();
  const missing = ids.length - compared.runs.length;
  return (
    <CompareContext value={compared}>
      {show === "charts" && <AskEarly />}
      <HighlightProvider>
        <PageHeader
          title={`Compare ${plural(compared.runs.length, "run")}`}
          breadcrumbs={[{ label: "Runs", href: paths.runs(org) }]}
          actions={<>{compared.runs.length > 0 && show === "charts" && <AddChart />}</>}
          subtitle={missing > 0 ? `${plural(missing, "run")} of this link ${missing === 1 ? "does" : "do"} not exist, or you may not see ${missing === 1 ? "it" : "them"}.` : undefined}
        />
        <div className={`${classes.layout} ${classes.columns}`}>
          {/* Each comes alive on its own, so that the first charts are asked for before either does. */}
          <Suspense><RunList /></Suspense>
          <Suspense><CompareBody /></Suspense>
        </div>
      </HighlightProvider>
    </CompareContext>
  );
}
