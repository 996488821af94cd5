"use client";
import { ActionIcon, VisuallyHidden } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useMutation, useSuspenseInfiniteQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { ModelDetail, VersionRowView } from "../../domain/models/model-view.ts";
import { paths } from "../../paths.ts";
import { moreOf } from "../access/pages.ts";
import { useTRPC } from "../providers/api.tsx";
import { useOrg } from "../providers/viewer.tsx";
import { type Column, DataTable } from "../table/data-table.tsx";
import { confirmAct } from "../ui/confirm.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Guarded } from "../ui/guarded.tsx";
import { Name } from "../ui/id.tsx";
import { notifyError } from "../ui/notify.ts";
import { Ago } from "../ui/time.tsx";
import { StageMark } from "./marks.tsx";
import classes from "./models.module.css";
import { PromoteButtons } from "./promote.tsx";
import { useModel, useRefreshModels } from "./use-model.ts";

/** The versions of a model, the newest first; who serves is set here. */
export function ModelVersions({ id }: { id: string }) {
  const trpc = useTRPC();
  const org = useOrg();
  const model = useModel(id);
  const query = useSuspenseInfiniteQuery(trpc.models.versions.infiniteQueryOptions({ id, limit: 50 }, { getNextPageParam: (page) => page.nextCursor }));
  const rows = query.data.pages.flatMap((page) => page.items);
  const columns: Column<VersionRowView>[] = [
    { key: "version", title: "Version", width: 88, link: true, render: (row) => `Version ${row.version}` },
    { key: "stage", title: "Stage", width: 120, render: (row) => <StageMark stage={row.stage} /> },
    { key: "aliases", title: "Aliases", hideBelow: "sm", render: (row) => <AliasList model={model} row={row} /> },
    { key: "run", title: "Run", grow: true, hideBelow: "sm", render: (row) => (row.run ? <Link href={paths.run(org, row.run.id)}><Name value={row.run.name} max={36} /></Link> : <span className="dim">—</span>) },
    { key: "by", title: "Registered by", hideBelow: "lg", render: (row) => <Name value={row.createdBy} max={22} /> },
    { key: "at", title: "Registered", align: "right", hideBelow: "md", render: (row) => <Ago at={row.createdAt} /> },
    { key: "acts", title: <VisuallyHidden>Acts</VisuallyHidden>, align: "right", hideBelow: "sm", render: (row) => <PromoteButtons id={id} name={model.name} version={row.version} stage={row.stage} allowed={model.can.promote} compact /> },
  ];
  return (
    <DataTable
      label="Versions"
      noun="version"
      rows={rows}
      rowKey={(row) => String(row.version)}
      columns={columns}
      href={(row) => paths.modelVersion(org, id, row.version)}
      total={model.versionCount}
      more={moreOf(query)}
      empty={<EmptyState title="No versions" plain command={`mlflow.register_model("runs:/RUN_ID/model", "${model.name}")`}>Register what a run logged, and it becomes version 1 here.</EmptyState>}
    />
  );
}

function AliasList({ model, row }: { model: ModelDetail; row: VersionRowView }) {
  const trpc = useTRPC();
  const refresh = useRefreshModels();
  const remove = useMutation(trpc.models.removeAlias.mutationOptions({ onSuccess: refresh, onError: notifyError("The alias was not removed") }));
  if (row.aliases.length === 0) return <span className="dim">—</span>;
  const ask = (alias: string) => confirmAct({
    title: `Take @${alias} from version ${row.version}?`,
    effect: <>Whoever loads <code>models:/{model.name}@{alias}</code> gets an error until it is set again.</>,
    verb: "Take the alias away",
    onConfirm: () => remove.mutate({ id: model.id, alias }),
  });
  return (
    <span className={classes.aliases}>
      {row.aliases.map((alias) => (
        <span key={alias} className={classes.alias}>
          @{alias}
          <Guarded allowed={model.can.promote}><ActionIcon variant="transparent" color="gray" size={14} aria-label={`Take alias ${alias} away`} onClick={() => ask(alias)}><IconX size={11} /></ActionIcon></Guarded>
        </span>
      ))}
    </span>
  );
}
