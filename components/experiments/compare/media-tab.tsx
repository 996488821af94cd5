"use client";
import { Select } from "@mantine/core";
import { useQueries } from "@tanstack/react-query";
import { previewKind } from "../../../domain/experiments/artifact-preview.ts";
import { plural } from "../../../domain/shared/format.ts";
import { useTRPC } from "../../providers/api.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorBox } from "../../ui/query-error.tsx";
import { ArtifactPreview } from "../artifacts/artifact-preview.tsx";
import classes from "./compare.module.css";
import { RunHead } from "./run-head.tsx";
import { useCompared, useCompareState } from "./use-compare.ts";

/** Runs whose files are asked for; more would not fit beside each other. */
const MAX_RUNS = 12;

/** The same file of several runs side by side: images, tables, text. */
export function MediaTab() {
  const trpc = useTRPC();
  const [{ file }, setState] = useCompareState();
  const { shown } = useCompared();
  const some = shown.slice(0, MAX_RUNS);
  const { lists, error, loading } = useQueries({
    queries: some.map(({ id }) => trpc.experiments.artifacts.queryOptions({ id })),
    combine: (results) => ({ lists: results.map(({ data }) => data ?? []), error: results.find((result) => result.error)?.error ?? null, loading: results.some(({ data, error: failed }) => !data && !failed) }),
  });
  const counts = new Map<string, number>();
  for (const list of lists) for (const { path, contentType } of list) if (previewKind(path, contentType)) counts.set(path, (counts.get(path) ?? 0) + 1);
  const files = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  const chosen = file !== null && counts.has(file) ? file : (files[0]?.[0] ?? null);
  if (error) return <ErrorBox what="The files could not be loaded" error={error} retry={() => window.location.reload()} />;
  if (!loading && files.length === 0) return <EmptyState title="No files to look at">Images, tables, JSON and text that these runs leave as artifacts stand here side by side.</EmptyState>;
  return (
    <>
      <div className={classes.bar}>
        <Select aria-label="File" data={files.map(([path, count]) => ({ value: path, label: `${path} (${plural(count, "run")})` }))} value={chosen} allowDeselect={false} searchable onChange={(next) => void setState({ file: next })} w={380} limit={200} />
        {shown.length > MAX_RUNS && <span className="dim">First {MAX_RUNS} of {shown.length} runs</span>}
      </div>
      <div className={classes.media} tabIndex={0} role="region" aria-label={chosen ?? "Files"}>
        {some.map((run, at) => {
          const artifact = lists[at]!.find(({ path }) => path === chosen);
          return (
            <div key={run.id} className={classes.mediaOne}>
              <div className={classes.mediaHead}><RunHead run={run} /></div>
              {artifact ? <ArtifactPreview artifact={artifact} /> : <div className="dim">{loading ? "" : "This run has no such file."}</div>}
            </div>
          );
        })}
      </div>
    </>
  );
}
