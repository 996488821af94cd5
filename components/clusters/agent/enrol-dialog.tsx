"use client";
import { Modal } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation } from "@tanstack/react-query";
import { createContext, lazy, Suspense, useContext, useState } from "react";
import type { ClusterDetail } from "../../../domain/clusters/cluster-view.ts";
import { useTRPC } from "../../providers/api.tsx";
import { notifyError } from "../../ui/notify.ts";
import { useRefreshClusters } from "../use-cluster.ts";

const EnrolSteps = lazy(() => import("../connect/enrol-steps.tsx").then((module) => ({ default: module.EnrolSteps })));
const AskContext = createContext<{ ask: () => void; isPending: boolean }>({ ask: () => {}, isPending: false });
/** Asks for a new code and opens the dialog that shows it. */
export const useNewCode = () => useContext(AskContext);

/** Around the whole cluster page: the box that held the button goes away as soon as the agent comes, the dialog must not. */
export function EnrolDialog({ cluster, children }: { cluster: ClusterDetail; children: React.ReactNode }) {
  const trpc = useTRPC();
  const refresh = useRefreshClusters();
  const [opened, dialog] = useDisclosure(false);
  const [before, setBefore] = useState<{ agent: string | null; connected: boolean }>({ agent: null, connected: false });
  const code = useMutation(trpc.clusters.newCode.mutationOptions({ onSuccess: () => { dialog.open(); return refresh(); }, onError: notifyError("No code was made") }));
  const ask = () => {
    setBefore({ agent: cluster.agent?.id ?? null, connected: ["reachable", "unreachable"].includes(cluster.reachability.state) });
    code.mutate({ id: cluster.id });
  };
  return (
    <AskContext.Provider value={{ ask, isPending: code.isPending }}>
      {children}
      <Modal opened={opened} onClose={dialog.close} title={`Enrol an agent for ${cluster.name}`} size={680}>
        {code.data && (
          <Suspense fallback={null}><EnrolSteps
            key={code.data.code} made={code.data} before={before.agent} onRenew={() => code.mutate({ id: cluster.id })} renewing={code.isPending} onDone={dialog.close}
            note={before.connected ? "The agent that speaks for the cluster now goes on until the new one enrols, and is revoked then." : undefined}
          /></Suspense>
        )}
      </Modal>
    </AskContext.Provider>
  );
}
