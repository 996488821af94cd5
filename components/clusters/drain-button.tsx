"use client";
import { Button, type ButtonProps, Modal, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { plural } from "../../domain/shared/format.ts";
import { useTRPC } from "../providers/api.tsx";
import { useCan } from "../providers/viewer.tsx";
import { Guarded } from "../ui/guarded.tsx";
import { notifyError } from "../ui/notify.ts";
import classes from "./clusters.module.css";
import { useRefreshClusters } from "./use-cluster.ts";

export interface DrainTarget {
  kind: "cluster" | "node";
  id: string;
  name: string;
  drained: boolean;
  /** Live runs there. */
  runs: number;
}

/** Drain asks for a reason; taking work again needs none and is done at once. @param reason What the form begins with. */
export function DrainButton({ target, reason = "", ...look }: { target: DrainTarget; reason?: string } & ButtonProps) {
  const trpc = useTRPC();
  const allowed = useCan("clusters:drain");
  const refresh = useRefreshClusters();
  const [opened, dialog] = useDisclosure(false);
  const onError = notifyError(`${target.name} was not changed`);
  const undrainCluster = useMutation(trpc.clusters.undrain.mutationOptions({ onSuccess: refresh, onError }));
  const undrainNode = useMutation(trpc.clusters.undrainNode.mutationOptions({ onSuccess: refresh, onError }));
  const undrain = () => (target.kind === "cluster" ? undrainCluster.mutate({ id: target.id }) : undrainNode.mutate({ nodeId: target.id }));
  const what = target.kind === "cluster" ? "cluster" : target.name;
  return (
    <>
      <Guarded allowed={allowed}>
        {target.drained ? (
          <Button variant="default" {...look} loading={undrainCluster.isPending || undrainNode.isPending} onClick={undrain} aria-label={`Undrain ${what}`}>Undrain</Button>
        ) : (
          <Button variant="default" {...look} onClick={dialog.open} aria-label={`Drain ${what}`}>{target.kind === "cluster" ? "Drain cluster" : "Drain"}</Button>
        )}
      </Guarded>
      <Modal opened={opened} onClose={dialog.close} title={`Drain ${target.name}?`} size={460}>
        <DrainForm target={target} proposed={reason} onClose={dialog.close} />
      </Modal>
    </>
  );
}

function DrainForm({ target, proposed, onClose }: { target: DrainTarget; proposed: string; onClose: () => void }) {
  const trpc = useTRPC();
  const refresh = useRefreshClusters();
  const [reason, setReason] = useState(proposed.slice(0, 500));
  const done = { onSuccess: () => { onClose(); return refresh(); }, onError: notifyError(`${target.name} was not drained`) };
  const drainCluster = useMutation(trpc.clusters.drain.mutationOptions(done));
  const drainNode = useMutation(trpc.clusters.drainNode.mutationOptions(done));
  const why = reason.trim() || undefined;
  const drain = () => (target.kind === "cluster" ? drainCluster.mutate({ id: target.id, reason: why }) : drainNode.mutate({ nodeId: target.id, reason: why }));
  const goesOn = target.runs === 0 ? "Nothing runs on it now." : `${plural(target.runs, "run")} there ${target.runs === 1 ? "goes" : "go"} on to the end.`;
  return (
    <form className={classes.form} onSubmit={(event) => { event.preventDefault(); drain(); }}>
      <Text size="sm">It takes no new work until somebody undrains it. {goesOn}</Text>
      <TextInput label="Reason" description="Colleagues see it beside the name, and it is kept in the audit log." placeholder="firmware update" maxLength={500} value={reason} onChange={(event) => setReason(event.currentTarget.value)} data-autofocus />
      <div className={classes.formActs}>
        <Button variant="default" onClick={onClose}>Keep as is</Button>
        <Button type="submit" loading={drainCluster.isPending || drainNode.isPending}>Drain</Button>
      </div>
    </form>
  );
}
