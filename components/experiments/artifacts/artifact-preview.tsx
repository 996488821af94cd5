"use client";
import { Button, Skeleton } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { csvRows, PREVIEW_BYTES, PREVIEW_IMAGE_BYTES, PREVIEW_ROWS, type PreviewKind, prettyJson, previewKind } from "../../../domain/experiments/artifact-preview.ts";
import type { ArtifactView } from "../../../domain/experiments/run-view.ts";
import { formatBytes } from "../../../domain/shared/format.ts";
import { useOrg } from "../../providers/viewer.tsx";
import { ErrorBox } from "../../ui/query-error.tsx";
import { rawUrls } from "../raw-urls.ts";
import classes from "./artifacts.module.css";

/** One file: what it says, as far as a console should read it, and the download. */
export function ArtifactPreview({ artifact }: { artifact: ArtifactView }) {
  const org = useOrg();
  const kind = previewKind(artifact.path, artifact.contentType);
  return (
    <div className={classes.preview}>
      <div className={classes.head}>
        <strong>{artifact.path}</strong>
        <Button variant="default" leftSection={<IconDownload size={14} />} component="a" href={rawUrls.artifactDownload(org, artifact.id)} download>Download {formatBytes(artifact.bytes)}</Button>
      </div>
      {artifact.bytes === 0 ? <div className={classes.note}>The file is empty.</div> : kind === null ? <div className={classes.note}>No preview for this kind of file.</div> : kind === "image" ? <ImagePreview artifact={artifact} /> : <TextPreview artifact={artifact} kind={kind} />}
    </div>
  );
}

function ImagePreview({ artifact }: { artifact: ArtifactView }) {
  const org = useOrg();
  if (artifact.bytes > PREVIEW_IMAGE_BYTES) return <div className={classes.note}>Too large to show here.</div>;
  // oxlint-disable-next-line nextjs/no-img-element -- a run's own file, streamed by our route; there is nothing to optimise
  return <img className={classes.image} src={rawUrls.artifact(org, artifact)} alt={artifact.path} />;
}

async function readStart(url: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, { headers: { range: `bytes=0-${PREVIEW_BYTES - 1}` }, signal });
  if (!response.ok) throw new Error(`The server answered ${response.status} for the file.`);
  return new TextDecoder().decode(await response.arrayBuffer());
}

function TextPreview({ artifact, kind }: { artifact: ArtifactView; kind: Exclude<PreviewKind, "image"> }) {
  const org = useOrg();
  const url = rawUrls.artifact(org, artifact);
  // Plain fetch rather than tRPC: these are the file's own bytes, a part of them.
  const query = useQuery({ queryKey: ["artifact-start", url], queryFn: ({ signal }) => readStart(url, signal), staleTime: Number.POSITIVE_INFINITY, gcTime: 60_000 });
  if (query.error) return <ErrorBox what="The file could not be read" error={query.error} retry={() => void query.refetch()} />;
  if (query.data === undefined) return <Skeleton height={240} mt="sm" />;
  const whole = artifact.bytes <= PREVIEW_BYTES;
  if (kind === "csv") return <CsvPreview text={query.data} whole={whole} />;
  return (
    <>
      <pre className={classes.text} tabIndex={0} aria-label={artifact.path}>{kind === "json" && whole ? prettyJson(query.data) : query.data}</pre>
      {!whole && <div className={classes.note}>First {formatBytes(PREVIEW_BYTES)} of {formatBytes(artifact.bytes)}.</div>}
    </>
  );
}

function CsvPreview({ text, whole }: { text: string; whole: boolean }) {
  const { rows, more } = csvRows(text, PREVIEW_ROWS + 1, whole);
  const [head = [], ...body] = rows;
  return (
    <>
      <div className={classes.tableWrap} tabIndex={0} role="region" aria-label="First rows">
        <table className={classes.table}>
          <thead><tr>{head.map((cell, at) => <th key={at} scope="col">{cell}</th>)}</tr></thead>
          <tbody>{body.map((row, index) => <tr key={index}>{row.map((cell, at) => <td key={at}>{cell}</td>)}</tr>)}</tbody>
        </table>
      </div>
      <div className={classes.note}>{more ? `First ${body.length} rows.` : `${body.length} rows.`}</div>
    </>
  );
}
