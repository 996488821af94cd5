"use client";
import { SegmentedControl } from "@mantine/core";
import { IconFolder } from "@tabler/icons-react";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { parseAsString, parseAsStringLiteral, useQueryStates } from "nuqs";
import { lazy } from "react";
import { FEW_FILES, type FolderEntry, folderOf, stepsTo } from "../../../domain/experiments/artifact-folders.ts";
import type { ArtifactView } from "../../../domain/experiments/run-view.ts";
import { formatBytes, plural } from "../../../domain/shared/format.ts";
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
const artifactParams = { q: parseAsString.withDefault(""), file: parseAsString, dir: parseAsString.withDefault(""), view: parseAsStringLiteral(["folders", "all"]) };
type Row = { kind: "folder"; folder: FolderEntry } | { kind: "file"; file: ArtifactView };

/** Files that the run left, by folder or all at once, and a look into the one that is chosen. */
export function RunArtifacts({ id }: { id: string }) {
  const trpc = useTRPC();
  const run = useSuspenseQuery(trpc.experiments.get.queryOptions({ id })).data;
  const artifacts = useSuspenseQuery(trpc.experiments.artifacts.queryOptions({ id })).data;
  const mayRegister = useCan("models:write", run.project.id);
  const [{ q, file, dir, view }, setParams] = useQueryStates(artifactParams);
  const chosen = artifacts.find((one) => one.id === file) ?? null;
  if (artifacts.length === 0) return <NoArtifacts id={id} globs={run.spec?.artifacts ?? null} ended={run.endedAt !== null} />;
  const shownAs = view ?? (artifacts.length > FEW_FILES || dir !== "" ? "folders" : "all");
  const byFolder = shownAs === "folders" && q === ""; // a search looks everywhere
  const here = folderOf(artifacts, byFolder ? dir : "");
  const files = byFolder ? here.files : artifacts.filter((one) => one.path.toLowerCase().includes(q.toLowerCase()));
  const rows: Row[] = [...(byFolder ? here.folders : []).map((folder): Row => ({ kind: "folder", folder })), ...files.map((one): Row => ({ kind: "file", file: one }))];
  const bytes = artifacts.reduce((sum, one) => sum + one.bytes, 0);
  const choose = (one: ArtifactView) => void setParams({ file: one.id === file ? null : one.id });
  return (
    <div className={classes.panes} data-single={chosen === null || undefined}>
      <div style={{ minWidth: 0 }}>
        <FilterBar>
          <FilterText value={q} onChange={(next) => void setParams({ q: next || null })} placeholder="Part of a path" />
          <SegmentedControl size="xs" aria-label="Shown as" data={[{ value: "folders", label: "Folders" }, { value: "all", label: "All files" }]} value={shownAs} onChange={(next) => void setParams({ view: next as "folders" | "all", dir: null })} />
          <span className="dim">{formatBytes(bytes)} in all</span>
          <DialogButton variant="default" label="Register a model" title={`Register a model from ${run.name}`} allowed={mayRegister} width={520} form={(close) => <RegisterForm run={run} files={artifacts.map((one) => one.path)} onClose={close} />} />
        </FilterBar>
        {byFolder && dir !== "" && <Steps dir={dir} onGo={(next) => void setParams({ dir: next || null })} />}
        <DataTable label="Artifacts" noun={byFolder ? "item" : "file"} rows={rows} rowKey={(row) => (row.kind === "folder" ? row.folder.path : row.file.id)} columns={columnsOf({ file, choose, enter: (next) => void setParams({ dir: next }), base: byFolder ? dir : "" })} {...(byFolder ? {} : { total: artifacts.length })} empty={<EmptyState title={q === "" ? "There is no such folder" : "No file matches"} />} />
      </div>
      {chosen && <ArtifactPreview artifact={chosen} />}
    </div>
  );
}

function columnsOf({ file, choose, enter, base }: { file: string | null; choose: (one: ArtifactView) => void; enter: (dir: string) => void; base: string }): Column<Row>[] {
  const ofFile = (row: Row, render: (one: ArtifactView) => React.ReactNode) => (row.kind === "file" ? render(row.file) : null);
  return [
    { key: "path", title: "File", grow: true, render: (row) => (row.kind === "folder" ? <FolderButton folder={row.folder} onEnter={enter} /> : <FileButton artifact={row.file} base={base} chosen={row.file.id === file} onChoose={() => choose(row.file)} />) },
    { key: "size", title: "Size", align: "right", render: (row) => <Bytes value={row.kind === "folder" ? row.folder.bytes : row.file.bytes} /> },
    { key: "attempt", title: "Attempt", align: "right", hideBelow: "sm", render: (row) => ofFile(row, (one) => (one.attemptNumber === null ? <span className="dim">—</span> : `#${one.attemptNumber}`)) },
    { key: "sha", title: "SHA-256", hideBelow: "md", render: (row) => ofFile(row, (one) => <Id value={one.sha256} max={13} label="Copy SHA-256" />) },
    { key: "at", title: "Uploaded", align: "right", hideBelow: "md", render: (row) => ofFile(row, (one) => <Ago at={one.createdAt} />) },
  ];
}

/** The way from the top to the folder that is looked at. */
function Steps({ dir, onGo }: { dir: string; onGo: (dir: string) => void }) {
  const steps = stepsTo(dir);
  return (
    <nav className={classes.steps} aria-label="Folder">
      <button type="button" onClick={() => onGo("")}>All files</button>
      {steps.map(({ name, path }, at) => <span key={path}> / {at === steps.length - 1 ? <strong>{name}</strong> : <button type="button" onClick={() => onGo(path)}>{name}</button>}</span>)}
    </nav>
  );
}

function FolderButton({ folder, onEnter }: { folder: FolderEntry; onEnter: (dir: string) => void }) {
  return (
    <button type="button" data-row-link className={classes.file} onClick={() => onEnter(folder.path)}>
      <IconFolder size={14} className={classes.folderIcon} aria-hidden /> {folder.name} <span className={classes.folder}>{plural(folder.files, "file")}</span>
    </button>
  );
}

/** @param base The folder that is looked at: it need not be said again. */
function FileButton({ artifact, base, chosen, onChoose }: { artifact: ArtifactView; base: string; chosen: boolean; onChoose: () => void }) {
  const at = artifact.path.lastIndexOf("/") + 1;
  return (
    <button type="button" data-row-link className={classes.file} aria-pressed={chosen} onClick={onChoose} title={artifact.path}>
      {at > base.length && <span className={classes.folder}>{artifact.path.slice(base.length, at)}</span>}
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
