"use client";
import { Button, type ButtonProps } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import type { NextStep } from "../../../domain/experiments/why.ts";
import type { Allowed, RunDetail } from "../../../domain/experiments/run-view.ts";
import { paths, type SpecPatch } from "../../../paths.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useOrg } from "../../providers/viewer.tsx";
import { confirmAct } from "../../ui/confirm.tsx";
import { Guarded } from "../../ui/guarded.tsx";
import { notifyError } from "../../ui/notify.ts";

/** After an act the page shows the state the server really has, never a guess. */
function useRefreshRun(id: string): () => Promise<void> {
  const trpc = useTRPC();
  const client = useQueryClient();
  return async () => {
    await Promise.all([
      client.invalidateQueries(trpc.experiments.get.queryFilter({ id })),
      client.invalidateQueries(trpc.experiments.events.pathFilter()),
      client.invalidateQueries(trpc.experiments.list.pathFilter()),
      client.invalidateQueries(trpc.experiments.counts.pathFilter()),
    ]);
  };
}

interface Cancelling {
  run: { id: string; name: string };
  allowed: Allowed;
  /** What becomes of the run, in words. */
  effect: string;
  reason?: string;
  onDone: () => Promise<void>;
}

/** Asks first, wherever a run can be cancelled. */
export function ConfirmedCancel({ run, allowed, effect, reason, onDone, ...look }: Cancelling & ButtonProps) {
  const cancel = useMutation(useTRPC().experiments.cancel.mutationOptions({ onSuccess: onDone, onError: notifyError(`${run.name} was not cancelled`) }));
  const ask = () => confirmAct({ title: `Cancel ${run.name}?`, effect, verb: "Cancel run", onConfirm: () => cancel.mutate({ id: run.id, ...(reason ? { reason } : {}) }) });
  return <Guarded allowed={allowed}><Button variant="default" {...look} loading={cancel.isPending} onClick={ask}>Cancel run</Button></Guarded>;
}

export function CancelButton({ run, ...look }: { run: RunDetail } & ButtonProps) {
  const refresh = useRefreshRun(run.id);
  const effect =
    run.status === "queued"
      ? "It leaves the queue and never starts. It can be retried later."
      : `Its process is asked to stop and has ${run.spec?.checkpoint.graceSeconds ?? 0} s to save before it is killed. Logs, metrics and artifacts up to then stay. It can be retried later.`;
  return <ConfirmedCancel run={run} allowed={run.can.cancel} effect={effect} onDone={refresh} {...look} />;
}

export function RetryButton({ run, label = "Retry", ...look }: { run: RunDetail; label?: string } & ButtonProps) {
  const trpc = useTRPC();
  const refresh = useRefreshRun(run.id);
  const retry = useMutation(trpc.experiments.retry.mutationOptions({ onSuccess: refresh, onError: notifyError(`${run.name} was not retried`) }));
  return <Guarded allowed={run.can.retry}><Button variant="default" {...look} loading={retry.isPending} onClick={() => retry.mutate({ id: run.id })}>{label}</Button></Guarded>;
}

/** Opens the form with this run's spec. `patch`: changes already made in it. */
export function CloneButton({ run, label = "Clone", patch = {}, ...look }: { run: RunDetail; label?: string; patch?: SpecPatch } & ButtonProps) {
  const org = useOrg();
  return <Guarded allowed={run.can.clone}><Button variant="default" {...look} component={Link} href={paths.newRun(org, run.id, patch)}>{label}</Button></Guarded>;
}

export function DeclareLostButton({ run, ...look }: { run: RunDetail } & ButtonProps) {
  const trpc = useTRPC();
  const refresh = useRefreshRun(run.id);
  const declare = useMutation(trpc.experiments.declareLost.mutationOptions({ onSuccess: refresh, onError: notifyError(`${run.name} was not given up`) }));
  const ask = () =>
    confirmAct({
      title: `Give up the attempt of ${run.name}?`,
      effect: "Only when you know that its machine is gone. Its process may still be running: if the agent comes back it is stopped there and nothing more of it is taken. The run then goes on as its retry policy says.",
      verb: "Declare lost",
      onConfirm: () => declare.mutate({ id: run.id }),
    });
  return <Guarded allowed={run.can.declareLost}><Button variant="default" {...look} loading={declare.isPending} onClick={ask}>Declare lost</Button></Guarded>;
}

/** The why box's one button. */
export function NextStepButton({ run, step }: { run: RunDetail; step: NextStep }) {
  const org = useOrg();
  if (step.kind === "retry") return <RetryButton run={run} label={step.label} />;
  if (step.kind === "clone") return <CloneButton run={run} label={step.label} patch={step.patch} />;
  if (step.kind === "declare-lost") return <DeclareLostButton run={run} />;
  if (step.kind === "log") return <Button variant="default" component={Link} href={paths.runTab(org, run.id, "logs")}>{step.label}</Button>;
  return <Button variant="default" component={Link} href={paths.clusters(org)}>{step.label}</Button>;
}
