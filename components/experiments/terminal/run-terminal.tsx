"use client";
import { Skeleton } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { useTRPC } from "../../providers/api.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import classes from "./terminal.module.css";

// The emulator is 70 kB of script: only this tab waits for it.
const TerminalView = lazy(() => import("./terminal-view.tsx").then((module) => ({ default: module.TerminalView })));

/** A shell where the run runs, in its place: its files, its accelerators, its limits. */
export function RunTerminal({ id }: { id: string }) {
  const trpc = useTRPC();
  const run = useSuspenseQuery(trpc.experiments.get.queryOptions({ id })).data;
  const attempt = run.attempts.at(-1);
  if (!run.can.interact.ok || !attempt) {
    return <EmptyState title="No terminal">{run.can.interact.ok ? "It has not started yet." : run.can.interact.reason} While a run of yours runs, this is a shell beside its process: same machine, files, accelerators and memory limit.</EmptyState>;
  }
  return (
    <Suspense fallback={<Skeleton className={classes.screen} />}>
      <TerminalView key={attempt.id} runId={id} attemptId={attempt.id} />
    </Suspense>
  );
}
