"use client";
import { Button, Skeleton } from "@mantine/core";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import type { VersionDetail } from "../../domain/models/model-view.ts";
import { paths } from "../../paths.ts";
import { Pairs } from "../experiments/run/pairs.tsx";
import { useTRPC } from "../providers/api.tsx";
import { useOrg } from "../providers/viewer.tsx";
import { type Column, DataTable } from "../table/data-table.tsx";
import { confirmAct } from "../ui/confirm.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Guarded } from "../ui/guarded.tsx";
import { CopyCommand, Id, Name } from "../ui/id.tsx";
import { KeyFacts } from "../ui/key-facts.tsx";
import { notifyDone, notifyError } from "../ui/notify.ts";
import { PageHeader, Section } from "../ui/page-header.tsx";
import { Bytes, Num } from "../ui/sizes.tsx";
import { StatusBadge } from "../ui/status-badge.tsx";
import { Ago } from "../ui/time.tsx";
import { DescribeButton } from "./describe.tsx";
import { Aliases, StageMark } from "./marks.tsx";
import { ModelTimeline } from "./model-timeline.tsx";
import classes from "./models.module.css";
import { PromoteButtons } from "./promote.tsx";
import { useRefreshModels } from "./use-model.ts";

/** One version: what it is, where it came from, what happened to it. */
export function VersionPage({ id, version }: { id: string; version: number }) {
  const trpc = useTRPC();
  const org = useOrg();
  const found = useSuspenseQuery(trpc.models.version.queryOptions({ id, version })).data;
  const { lineage } = found;
  return (
    <>
      <PageHeader
        title={`${found.model.name} version ${version}`}
        breadcrumbs={[{ label: "Models", href: paths.models(org) }, { label: found.model.name, href: paths.model(org, id) }]}
        badge={<StageMark stage={found.stage} />}
        subtitle={found.description ?? undefined}
        actions={<Acts found={found} />}
      />
      <KeyFacts items={factsOf(found)} />
      <div className={classes.columns}>
        <div>
          <Section title="Lineage"><Lineage found={found} /></Section>
          {lineage.metrics.length > 0 && <Section title="Metrics of its run" count={lineage.metrics.length}><Pairs label="Metrics" items={lineage.metrics.map(({ key, last }) => [key, <Num key={key} value={last} />] as const)} /></Section>}
          {lineage.params.length > 0 && <Section title="Parameters" count={lineage.params.length}><Pairs label="Parameters" items={lineage.params.map(({ key, value }) => [key, value] as const)} /></Section>}
          <Section title="Files" count={found.files.length}><Files found={found} /></Section>
        </div>
        <div>
          <Section title="Use it"><div className={classes.use}><CopyCommand plain label="Copy code" command={`mlflow.pyfunc.load_model("models:/${found.model.name}/${version}")`} /></div></Section>
          <Section title="Timeline"><ModelTimeline id={id} version={version} /></Section>
        </div>
      </div>
    </>
  );
}

function factsOf(found: VersionDetail) {
  const tags = Object.entries(found.tags);
  return [
    { label: "Aliases", value: <Aliases aliases={found.aliases.map((alias) => ({ alias }))} /> },
    { label: "Registered by", value: found.createdBy },
    { label: "Registered", value: <Ago at={found.createdAt} /> },
    { label: "Changed", value: <Ago at={found.updatedAt} /> },
    ...(found.loggedModelId ? [{ label: "Logged model", value: <Id value={found.loggedModelId} max={14} /> }] : []),
    { label: "Source", value: <Id value={found.source} max={36} label="Copy source" /> },
    ...(tags.length > 0 ? [{ label: "Tags", value: tags.map(([key, value]) => `${key}=${value}`).join(", ").slice(0, 120) }] : []),
  ];
}

function Lineage({ found: { lineage } }: { found: VersionDetail }) {
  const org = useOrg();
  if (!lineage.run) return <p className="dim">It was registered without a run, so nothing says what made it.</p>;
  const { run, datasets, code } = lineage;
  return (
    <Pairs
      label="Lineage"
      items={[
        ["Run", <span key="run"><Link className={classes.link} href={paths.run(org, run.id)}>{run.name}</Link>&ensp;<StatusBadge status={run.status} /></span>],
        ["Experiment", run.experiment.name],
        ...datasets.map((set) => [set.context ? `Data, ${set.context}` : "Data", <span key={set.id}><Name value={set.name} /> <Id value={set.digest} max={14} label="Copy digest" /></span>] as const),
        ["Code", code ? <span key="code">{code.label} <span className={classes.code}>{code.detail}</span></span> : <span key="code" className="dim">not recorded</span>],
      ]}
    />
  );
}

function Files({ found }: { found: VersionDetail }) {
  const org = useOrg();
  const columns: Column<VersionDetail["files"][number]>[] = [
    { key: "path", title: "File", grow: true, render: (file) => <Name value={file.path} max={56} /> },
    { key: "size", title: "Size", align: "right", render: (file) => <Bytes value={file.bytes} /> },
    { key: "sha", title: "SHA-256", hideBelow: "sm", render: (file) => <Id value={file.sha256} max={13} label="Copy SHA-256" /> },
  ];
  const { run } = found.lineage;
  const empty = <EmptyState title="No files here" action={run && <Button variant="default" component={Link} href={paths.runTab(org, run.id, "artifacts")}>Artifacts of its run</Button>}>Its source is <span className={classes.code}>{found.location}</span>.</EmptyState>;
  return <DataTable label="Files" noun="file" rows={found.files} rowKey={(file) => file.path} columns={columns} flat keys={false} empty={empty} />;
}

function Acts({ found }: { found: VersionDetail }) {
  const trpc = useTRPC();
  const org = useOrg();
  const router = useRouter();
  const refresh = useRefreshModels();
  const name = `${found.model.name} version ${found.version}`;
  const remove = useMutation(trpc.models.removeVersion.mutationOptions({
    onSuccess: () => {
      notifyDone(`${name} deleted.`);
      router.push(paths.model(org, found.model.id));
      return refresh();
    },
    onError: notifyError(`${name} was not deleted`),
  }));
  const ask = () => confirmAct({
    title: `Delete ${name}?`,
    effect: <>Its aliases go with it, and whoever loads it gets an error. The number is not given again. Files of the run stay.</>,
    verb: "Delete version",
    onConfirm: () => remove.mutate({ id: found.model.id, version: found.version }),
  });
  return (
    <>
      <Guarded allowed={found.can.promote}><Button variant="default" loading={remove.isPending} onClick={ask}>Delete</Button></Guarded>
      <DescribeButton id={found.model.id} version={found.version} name={name} description={found.description} allowed={found.can.write} />
      <PromoteButtons id={found.model.id} name={found.model.name} version={found.version} stage={found.stage} allowed={found.can.promote} />
    </>
  );
}

export function VersionSkeleton() {
  return <div aria-busy="true" aria-label="Loading version"><Skeleton width={320} height={26} mb={16} /><Skeleton height={52} mb={16} /><Skeleton height={320} /></div>;
}
