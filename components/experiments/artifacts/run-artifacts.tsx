"use client";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { parseAsString, useQueryStates } from "nuqs";
import { lazy } from "react";
import type { ArtifactView } from "../../../domain/experiments/run-view.ts";
import { formatBytes } from "../../../domain/shared/format.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useCan } from "../../providers/viewer.tsx";
import { type Column, DataTable } from "../../table/data-table.tsx";
import { DialogButton } from "../../ui/dialog-button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { FilterBar, FilterText } from "../../ui/filters.tsx";
import { Id } from "../../ui/id.tsx";
import { Bytes } from "../../ui/sizes.tsx";
import { Ago } from "../../ui/time.tsx";
import classes from "./artifacts.module.css";
import { ArtifactPreview } from "./artifact-preview.tsx";

const RegisterForm = lazy(() => import("../../models/register-form.tsx").then((module) => ({ default: module.RegisterForm })));
const artifactParams = { q: parseAsString.withDefault(""), file: parseAsString };

/** Files that the run left, and a look into the one that is chosen. */
export function RunArtifacts({ id }: { id: string }) {
  const trpc = useTRPC();
  const run = useSuspenseQuery(trpc.experiments.get.queryOptions({ id })).data;
  const artifacts = useSuspenseQuery(trpc.experiments.artifacts.queryOptions({ id })).data;
  const mayRegister = useCan("models:write", run.project.id);
  const [{ q, file }, setParams] = useQueryStates(artifactParams);
  const shown = artifacts.filter((one) => one.path.toLowerCase().includes(q.toLowerCase()));
  const chosen = artifacts.find((one) => one.id === file) ?? null;
  if (artifacts.length === 0) return <NoArtifacts id={id} globs={run.spec?.artifacts ?? null} ended={run.endedAt !== null} />;
  const columns: Column<ArtifactView>[] = [
    { key: "path", title: "File", grow: true, render: (one) => <FileButton artifact={one} chosen={one.id === file} onChoose={() => void setParams({ file: one.id === file ? null : one.id })} /> },
    { key: "size", title: "Size", align: "right", render: (one) => <Bytes value={one.bytes} /> },
    { key: "attempt", title: "Attempt", align: "right", hideBelow: "sm", render: (one) => (one.attemptNumber === null ? <span className="dim">—</span> : `#${one.attemptNumber}`) },
    { key: "sha", title: "SHA-256", hideBelow: "md", render: (one) => <Id value={one.sha256} max={13} label="Copy SHA-256" /> },
    { key: "at", title: "Uploaded", align: "right", hideBelow: "md", render: (one) => <Ago at={one.createdAt} /> },
  ];
  const bytes = artifacts.reduce((sum, one) => sum + one.bytes, 0);
  return (
    <div className={classes.panes} data-single={chosen === null || undefined}>
      <div style={{ minWidth: 0 }}>
        <FilterBar>
          <FilterText value={q} onChange={(next) => void setParams({ q: next || null })} placeholder="Part of a path" />
          <span className="dim">{formatBytes(bytes)} in all</span>
          <DialogButton variant="default" label="Register a model" title={`Register a model from ${run.name}`} allowed={mayRegister} width={520} form={(close) => <RegisterForm run={run} files={artifacts.map((one) => one.path)} onClose={close} />} />
        </FilterBar>
        <DataTable label="Artifacts" noun="file" rows={shown} rowKey={(one) => one.id} columns={columns} total={artifacts.length} empty={<EmptyState title="No file matches" />} />
      </div>
      {chosen && <ArtifactPreview artifact={chosen} />}
    </div>
  );
}

function FileButton({ artifact, chosen, onChoose }: { artifact: ArtifactView; chosen: boolean; onChoose: () => void }) {
  const at = artifact.path.lastIndexOf("/") + 1;
  return (
    <button type="button" data-row-link className={classes.file} aria-pressed={chosen} onClick={onChoose} title={artifact.path}>
      {at > 0 && <span className={classes.folder}>{artifact.path.slice(0, at)}</span>}
      {artifact.path.slice(at)}
    </button>
  );
}

function NoArtifacts({ id, globs, ended }: { id: string; globs: string[] | null; ended: boolean }) {
  const { data: removal } = useQuery(useTRPC().storage.removal.queryOptions({ id }));
  if (removal) return <EmptyState title="The files were removed">{removal.message} <Ago at={removal.at} /></EmptyState>;
  if (!globs) return <EmptyState title="No artifacts">What the client logs with <code>mlflow.log_artifact</code> is kept here.</EmptyState>;
  if (globs.length === 0) return <EmptyState title="No artifacts">Name files in the spec’s <code>artifacts</code>, such as <code>out/**</code>, and they are kept here when an attempt ends.</EmptyState>;
  return <EmptyState title={ended ? "No file matched" : "No artifacts yet"}>{ended ? "The attempt left no file that matches " : "When the attempt ends, files that match "}<code>{globs.join(", ")}</code>{ended ? "." : " are uploaded here."}</EmptyState>;
}
