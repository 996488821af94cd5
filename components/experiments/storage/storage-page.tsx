"use client";
import { Skeleton } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { type StorageUse, type StoredKind, UNUSED_HOURS } from "../../../domain/experiments/retention.ts";
import { formatCount } from "../../../domain/shared/format.ts";
import { SettingsFrame } from "../../access/settings/settings-frame.tsx";
import { useTRPC } from "../../providers/api.tsx";
import { type Column, DataTable } from "../../table/data-table.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Name } from "../../ui/id.tsx";
import { Bytes } from "../../ui/sizes.tsx";
import classes from "./storage.module.css";

// Inputs that format numbers are used nowhere else on first sight: what is stored does not wait for them.
const RetentionForm = lazy(() => import("./retention-form.tsx").then((module) => ({ default: module.RetentionForm })));

const KINDS: Record<StoredKind, string> = { artifact: "Files of runs and models, checkpoints", log: "Logs of ended attempts", code: "Code archives" };

/** Of the form, so that nothing moves when it arrives. */
const FORM_HEIGHT = 480;

/** What the organization keeps in the object store, and for how long. */
export function StoragePage() {
  const trpc = useTRPC();
  const use = useSuspenseQuery(trpc.storage.use.queryOptions()).data;
  const rules = useSuspenseQuery(trpc.storage.rules.queryOptions()).data;
  return (
    <SettingsFrame>
      <div className={classes.panes}>
        <section aria-labelledby="st-rules"><h2 id="st-rules">How long files and logs are kept</h2><Suspense fallback={<Skeleton height={FORM_HEIGHT} />}><RetentionForm rules={rules} /></Suspense></section>
        <section aria-labelledby="st-use"><h2 id="st-use">What is stored</h2><Stored use={use} /></section>
      </div>
    </SettingsFrame>
  );
}

function Stored({ use }: { use: StorageUse }) {
  const kinds: Column<StorageUse["kinds"][number]>[] = [
    { key: "kind", title: "What", grow: true, render: (row) => KINDS[row.kind] },
    { key: "objects", title: "Objects", align: "right", render: (row) => formatCount(row.objects) },
    { key: "bytes", title: "Size", align: "right", render: (row) => <Bytes value={row.bytes} /> },
  ];
  const projects: Column<StorageUse["projects"][number]>[] = [
    { key: "project", title: "Project", grow: true, render: (row) => <Name value={row.name} max={40} /> },
    { key: "files", title: "Files", align: "right", hideBelow: "xs", render: (row) => formatCount(row.files) },
    { key: "bytes", title: "Size", align: "right", render: (row) => <Bytes value={row.bytes} /> },
    { key: "checkpoints", title: "Checkpoints", align: "right", render: (row) => <Bytes value={row.checkpointBytes || null} /> },
  ];
  return (
    <>
      <DataTable label="Stored objects" noun="kind" flat keys={false} rows={use.kinds} rowKey={(row) => row.kind} columns={kinds} empty={<EmptyState title="Nothing is stored yet">Code, logs and files of runs lie here once the first run has ended.</EmptyState>} />
      {use.unused.objects > 0 && <p className={classes.note}>{formatCount(use.unused.objects)} of these (<Bytes value={use.unused.bytes} />) are named by nothing any more. What nobody sent for {UNUSED_HOURS} hours is removed within six more.</p>}
      <h3 className={classes.sub}>By project</h3>
      <DataTable label="Files by project" noun="project" flat keys={false} rows={use.projects} rowKey={(row) => row.id} columns={projects} empty={<EmptyState title="No project has files yet">Name files in a spec’s <code>artifacts</code>, or log them with an MLflow client.</EmptyState>} />
      {use.projects.length > 0 && <p className={classes.note}>Bytes that several files share are stored once and counted here for each.</p>}
    </>
  );
}
