"use client";
import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useQueryStates } from "nuqs";
import { useMemo, useSyncExternalStore } from "react";
import { MAX_GROUPED } from "../../../domain/experiments/compare/buckets.ts";
import type { RunsOf } from "../../../domain/experiments/compare/group-inputs.ts";
import { strokeOf } from "../../../domain/experiments/compare/lines.ts";
import { formatCount, plural } from "../../../domain/shared/format.ts";
import { paths } from "../../../paths.ts";
import { HighlightProvider } from "../../charts/highlight.tsx";
import { useTRPC } from "../../providers/api.tsx";
import { useOrg } from "../../providers/viewer.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { PageHeader } from "../../ui/page-header.tsx";
import { AddChart, ChartsTab } from "./charts-tab.tsx";
import classes from "./compare.module.css";
import { allParams, runsOf, tablePath } from "./set-params.ts";
import { type Compared, CompareContext } from "./use-compare.ts";

const TITLE = "Compare all runs";

function onHash(changed: () => void): () => void {
  window.addEventListener("hashchange", changed);
  return () => window.removeEventListener("hashchange", changed);
}

/** All runs that a filter finds, or more than can be drawn singly: a line per group of them. */
export function GroupsPage() {
  const org = useOrg();
  const [params] = useQueryStates(allParams);
  const hash = useSyncExternalStore(onHash, () => window.location.hash, () => null);
  const of = useMemo(() => runsOf(params, hash ?? ""), [params, hash]);
  if (of) return <Groups of={of} />;
  if (hash === null) return <GroupsSkeleton />;
  return (
    <>
      <PageHeader title={TITLE} breadcrumbs={[{ label: "Runs", href: paths.runs(org) }]} />
      <EmptyState title={`The ${formatCount(params.chosen ?? 0)} chosen runs are not in this link`} action={<Button component={Link} href={paths.runs(org)}>Choose runs</Button>}>
        The part of it behind # names them, and was lost on the way. Choose them again, or compare all that a filter finds: that link is short.
      </EmptyState>
    </>
  );
}

function Groups({ of }: { of: RunsOf }) {
  const org = useOrg();
  const [params] = useQueryStates(allParams);
  const compared = useMemo<Compared>(() => ({ of, runs: [], shown: [], ids: [], strokeOfRun: () => strokeOf(-1), nameOf: (id) => id }), [of]);
  return (
    <CompareContext value={compared}>
      <HighlightProvider>
        <PageHeader title={TITLE} breadcrumbs={[{ label: "Runs", href: paths.runs(org) }]} subtitle={<Which of={of} />} actions={<>{!("ids" in of) && <Button variant="default" component={Link} href={tablePath(org, params)}>Show in the table</Button>}<AddChart /></>} />
        <div className={classes.columns}><ChartsTab /></div>
      </HighlightProvider>
    </CompareContext>
  );
}

/** How many they are, and by what they were found. */
function Which({ of }: { of: RunsOf }) {
  const trpc = useTRPC();
  const set = "ids" in of ? null : of;
  const { data } = useQuery({ ...trpc.table.count.queryOptions(set ?? {}), enabled: set !== null });
  const count = "ids" in of ? plural(of.ids.length, "chosen run") : !data ? "" : data.more ? `The newest ${formatCount(MAX_GROUPED)} of more runs` : plural(data.count, "run");
  return <>{count}{set?.filter && <> · <code className="mono">{set.filter}</code></>}</>;
}

/** The frame while the names of the metrics are on their way. */
export function GroupsSkeleton() {
  return (
    <>
      <PageHeader title={TITLE} />
      <div className={classes.columns} aria-busy="true" role="status" aria-label="Loading comparison">
        <div className={classes.bar}><Skeleton height={32} width={520} /></div>
        <div className={classes.grid}>{[0, 1, 2].map((at) => <Skeleton key={at} height={240} />)}</div>
      </div>
    </>
  );
}
