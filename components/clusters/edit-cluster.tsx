"use client";
import { Button, Modal, Select, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import type { ClusterDetail } from "../../domain/clusters/cluster-view.ts";
import { CAPACITY_CLASSES } from "../../domain/costs/metering.ts";
import { useTRPC } from "../providers/api.tsx";
import { notifyError } from "../ui/notify.ts";
import classes from "./clusters.module.css";
import { useRefreshClusters } from "./use-cluster.ts";
import { lazySchema } from "../form/lazy-schema.ts";

const checkUpdateCluster = lazySchema(() => import("../../domain/clusters/inputs.ts").then((inputs) => inputs.UpdateCluster));

/** Name, region, and how it is paid for; the name in specs stays. */
export function EditCluster({ cluster, opened, onClose }: { cluster: ClusterDetail; opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title={`Change ${cluster.name}`} size={440}>
      <EditForm cluster={cluster} onClose={onClose} />
    </Modal>
  );
}

function EditForm({ cluster, onClose }: { cluster: ClusterDetail; onClose: () => void }) {
  const trpc = useTRPC();
  const refresh = useRefreshClusters();
  const form = useForm({ initialValues: { id: cluster.id, name: cluster.name, region: cluster.region, capacityClass: cluster.capacityClass }, validate: checkUpdateCluster });
  const update = useMutation(trpc.clusters.update.mutationOptions({ onSuccess: () => { onClose(); return refresh(); }, onError: notifyError(`${cluster.name} was not changed`) }));
  return (
    <form className={classes.form} noValidate onSubmit={form.onSubmit((values) => update.mutate(values))}>
      <TextInput label="Name" description={`Run specs keep naming it ${cluster.slug}.`} data-autofocus {...form.getInputProps("name")} />
      <TextInput label="Region" {...form.getInputProps("region")} />
      <Select label="Class" description="How its capacity is paid for, from this hour on: prices of that class hold for it." data={[...CAPACITY_CLASSES]} allowDeselect={false} {...form.getInputProps("capacityClass")} />
      <div className={classes.formActs}>
        <Button variant="default" onClick={onClose}>Cancel</Button>
        <Button type="submit" loading={update.isPending}>Save</Button>
      </div>
    </form>
  );
}
