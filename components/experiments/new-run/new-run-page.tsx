"use client";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { durationText, memoryText } from "../../../domain/shared/format.ts";
import { paths, type SpecPatch } from "../../../paths.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useCan, useOrg, useProjectsWhere } from "../../providers/viewer.tsx";
import { useProjectScope } from "../../shell/scope-select.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { PageHeader } from "../../ui/page-header.tsx";
import { DraftProvider } from "./draft-context.tsx";
import { NewRunForm } from "./new-run-form.tsx";
import { PlanPanel } from "./plan-panel.tsx";
import { withoutDefaults, writeSpec } from "./spec-document.ts";
import { YamlPanel } from "./yaml-panel.tsx";
import classes from "./new-run.module.css";

/** An empty form, in the scope's project or the only one that may be submitted to. */
export function NewRunPage() {
  const scope = useProjectScope();
  const mine = useProjectsWhere("runs:submit");
  const project = mine.find(({ slug }) => slug === scope)?.slug ?? (mine.length === 1 ? mine[0]!.slug : undefined);
  return <Frame title="New run" initial={project ? writeSpec({ project }) : ""} />;
}

/** The form with another run's spec in it. `patch`: what the why box or a recommendation already changed. */
export function CloneRunPage({ from, patch }: { from: string; patch: SpecPatch }) {
  const trpc = useTRPC();
  const run = useSuspenseQuery(trpc.experiments.get.queryOptions({ id: from })).data;
  const { memory, cpus, gpus, maxDuration, cluster } = patch;
  const initial = useMemo(() => {
    if (!run.spec) return "";
    const spec = withoutDefaults(run.spec);
    if (cpus !== undefined) spec["resources"] = { ...(spec["resources"] as object | undefined), cpus };
    if (gpus !== undefined) spec["resources"] = { ...(spec["resources"] as object | undefined), gpus };
    if (memory) spec["resources"] = { ...(spec["resources"] as object | undefined), memory: memoryText(memory) };
    if (maxDuration) spec["maxDuration"] = durationText(maxDuration);
    if (cluster) spec["cluster"] = cluster;
    return writeSpec(spec);
  }, [run.spec, memory, cpus, gpus, maxDuration, cluster]);
  return <Frame title={`Clone ${run.name}`} initial={initial} key={from} isClone />;
}

function Frame({ title, initial, isClone = false }: { title: string; initial: string; isClone?: boolean }) {
  const org = useOrg();
  const allowed = useCan("runs:submit");
  if (!allowed.ok) return <><PageHeader title={title} breadcrumbs={[{ label: "Runs", href: paths.runs(org) }]} /><EmptyState title="You may look at runs, not submit them">{allowed.reason}</EmptyState></>;
  return (
    <DraftProvider initial={initial}>
      <PageHeader title={title} breadcrumbs={[{ label: "Runs", href: paths.runs(org) }]} />
      <div className={classes.page}>
        <NewRunForm isClone={isClone} />
        <div className={classes.side}>
          <PlanPanel />
          <YamlPanel />
        </div>
      </div>
    </DraftProvider>
  );
}
