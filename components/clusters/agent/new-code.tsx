"use client";
import { Button, Modal } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation } from "@tanstack/react-query";
import type { ClusterDetail } from "../../../domain/clusters/cluster-view.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useCan } from "../../providers/viewer.tsx";
import { Guarded } from "../../ui/guarded.tsx";
import { notifyError } from "../../ui/notify.ts";
import { EnrolSteps } from "../connect/enrol-steps.tsx";
import { useRefreshClusters } from "../use-cluster.ts";

/** A single-use command for the cluster's machine, and the wait for the agent that uses it. */
export function NewCodeButton({ cluster, primary }: { cluster: ClusterDetail; primary?: boolean }) {
  const trpc = useTRPC();
  const refresh = useRefreshClusters();
  const [opened, dialog] = useDisclosure(false);
  const ask = useMutation(trpc.clusters.newCode.mutationOptions({ onSuccess: () => { dialog.open(); return refresh(); }, onError: notifyError("No code was made") }));
  const connected = cluster.agent && !cluster.agent.revokedAt && !["cloned", "never"].includes(cluster.reachability.state);
  return (
    <>
      <Guarded allowed={useCan("clusters:manage")}><Button variant={primary ? "filled" : "default"} loading={ask.isPending} onClick={() => ask.mutate({ id: cluster.id })}>New enrolment code</Button></Guarded>
      <Modal opened={opened} onClose={dialog.close} title={`Enrol an agent for ${cluster.name}`} size={680}>
        {ask.data && <EnrolSteps made={ask.data} before={cluster.agent?.id ?? null} note={connected ? "The agent that is connected now goes on until the new one enrols, and is revoked then." : undefined} onRenew={() => ask.mutate({ id: cluster.id })} renewing={ask.isPending} />}
      </Modal>
    </>
  );
}
