"use client";
import { Button, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { paths } from "../../paths.ts";
import { useTRPC } from "../providers/api.tsx";
import { useCan, useOrg } from "../providers/viewer.tsx";
import { Guarded } from "../ui/guarded.tsx";
import { notifyError } from "../ui/notify.ts";
import { PageHeader } from "../ui/page-header.tsx";
import classes from "./clusters.module.css";
import { EnrolSteps } from "./connect/enrol-steps.tsx";
import { useRefreshClusters } from "./use-cluster.ts";
import { lazySchema } from "../form/lazy-schema.ts";

const checkCreateCluster = lazySchema(() => import("../../domain/clusters/inputs.ts").then((inputs) => inputs.CreateCluster));

/** From a name to a connected cluster, without leaving the page. */
export function ConnectPage() {
  const trpc = useTRPC();
  const org = useOrg();
  const refresh = useRefreshClusters();
  const mayManage = useCan("clusters:manage");
  const renew = useMutation(trpc.clusters.newCode.mutationOptions({ onError: notifyError("No code was made") }));
  const create = useMutation(trpc.clusters.create.mutationOptions({ onSuccess: refresh, onError: (error) => form.setErrors(namedFields(error)) }));
  const form = useForm({ initialValues: { name: "", region: "local" }, validate: checkCreateCluster });
  const made = renew.data ?? create.data;
  const unnamed = create.error && Object.keys(namedFields(create.error)).length === 0 ? create.error.message : null;
  return (
    <>
      <PageHeader title="Connect a cluster" breadcrumbs={[{ label: "Clusters", href: paths.clusters(org) }]} subtitle="A cluster is one machine, or many behind one agent. Its agent runs there, starts the processes of runs, and reports what they use." />
      <div className={classes.connect}>
        {made ? (
          <EnrolSteps key={made.code} made={made} before={null} onRenew={() => renew.mutate({ id: made.clusterId })} renewing={renew.isPending} />
        ) : (
          <form className={classes.form} noValidate onSubmit={form.onSubmit((values) => create.mutate(values))}>
            <TextInput label="Name" description="As people call it. Run specs use it in lower case with hyphens." placeholder="Berlin H100" autoFocus error={unnamed} {...form.getInputProps("name")} />
            <TextInput label="Region" description="Where it stands. Runs can ask for a region." placeholder="eu-central" {...form.getInputProps("region")} />
            <div><Guarded allowed={mayManage}><Button type="submit" loading={create.isPending}>Create and show the command</Button></Guarded></div>
          </form>
        )}
      </div>
    </>
  );
}

/** Messages by field, as the server names them. */
function namedFields(error: unknown): Record<string, string> {
  const issues = (error as { data?: { issues?: { field: string; message: string }[] } | null }).data?.issues ?? [];
  return Object.fromEntries(issues.filter(({ field }) => field).map(({ field, message }) => [field, message]));
}
