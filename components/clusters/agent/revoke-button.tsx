"use client";
import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { ClusterDetail } from "../../../domain/clusters/cluster-view.ts";
import type { Allowed } from "../../../domain/experiments/run-view.ts";
import { plural } from "../../../domain/shared/format.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useCan } from "../../providers/viewer.tsx";
import { confirmAct } from "../../ui/confirm.tsx";
import { Guarded } from "../../ui/guarded.tsx";
import { notifyError } from "../../ui/notify.ts";
import { useRefreshClusters } from "../use-cluster.ts";

/** Shuts the agent out for good. The dialog says what that does to what runs there. */
export function RevokeButton({ cluster }: { cluster: ClusterDetail }) {
  const trpc = useTRPC();
  const refresh = useRefreshClusters();
  const may = useCan("clusters:manage");
  const revoke = useMutation(trpc.clusters.revokeAgent.mutationOptions({ onSuccess: refresh, onError: notifyError(`The agent of ${cluster.name} was not revoked`) }));
  const host = cluster.agent?.host["hostname"] ?? "its machine";
  const runs = cluster.liveAttempts === 0 ? "Nothing runs there now." : `${plural(cluster.liveAttempts, "run")} there will go on unseen: no logs, no cancelling. Drain the cluster and wait, or cancel them first, if you can.`;
  const allowed: Allowed = !cluster.agent || cluster.agent.revokedAt ? { ok: false, reason: "There is no agent that could be revoked." } : may;
  const ask = () =>
    confirmAct({
      title: `Revoke the agent of ${cluster.name}?`,
      effect: <>The agent on {host} is refused from this second on and cannot come back: its key is worthless. {runs} To connect the cluster again, enrol an agent with a new code.</>,
      verb: "Revoke agent",
      onConfirm: () => revoke.mutate({ id: cluster.id }),
    });
  return <Guarded allowed={allowed}><Button variant="default" size="compact-sm" loading={revoke.isPending} onClick={ask} c={allowed.ok ? "var(--tone-bad)" : undefined}>Revoke agent</Button></Guarded>;
}
