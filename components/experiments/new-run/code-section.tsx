"use client";
import { Button, FileButton, Input, Progress, SegmentedControl } from "@mantine/core";
import { IconCheck, IconFileZip, IconFolder } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { MAX_CODE_BYTES } from "../../../domain/experiments/run-spec.ts";
import { formatBytes, formatShare } from "../../../domain/shared/format.ts";
import { FieldRow, FormSection } from "../../form/form-section.tsx";
import { Id } from "../../ui/id.tsx";
import { useDraft, useField, useHasIssue } from "./draft-context.tsx";
import { TextField } from "./fields.tsx";
import { type UploadState, useCodeUpload } from "./use-code-upload.ts";
import classes from "./new-run.module.css";

type Mode = "none" | "upload" | "git";
interface Code {
  kind?: string;
  sha256?: string;
  bytes?: number;
  url?: string;
}
const modeOf = (code: Code | null | undefined): Mode => (code?.kind === "git" ? "git" : code?.kind === "archive" ? "upload" : "none");

/** Where the code comes from: nowhere, this computer, or git. */
export function CodeSection() {
  const { value: code, change, error } = useField<Code | null>(["code"]);
  const { set } = useDraft();
  const [chosen, setChosen] = useState<Mode | null>(null);
  const mode = code ? modeOf(code) : (chosen ?? "none");
  // Without its digest the spec is incomplete: no run is submitted without the code that is on its way, or not yet chosen.
  const pending = { kind: "archive" } as const;
  const upload = useCodeUpload(() => change(pending), (archive) => change(archive));
  const isPending = code?.kind === "archive" && !code.sha256;
  function choose(next: Mode): void {
    setChosen(next);
    if (next !== "upload") upload.stop();
    if (next === "git") set(["code"], { kind: "git", url: "" });
    else change(next === "upload" ? pending : undefined);
  }
  return (
    <FormSection title="Code" hasIssue={useHasIssue("code")} summary={summaryOf(code)}>
      <Input.Wrapper label="Source" labelElement="div" error={mode === "git" ? undefined : isPending ? error && "Choose a folder or an archive, and wait until it is uploaded." : error} description="Unpacked into the folder the command starts in.">
        <div data-path="code" tabIndex={-1}>
          <SegmentedControl size="xs" mt={4} aria-label="Source of the code" value={mode} onChange={(next) => choose(next as Mode)} data={[{ value: "none", label: "None" }, { value: "upload", label: "From this computer" }, { value: "git", label: "Git" }]} />
        </div>
      </Input.Wrapper>
      {mode === "upload" && <UploadFields code={code} upload={upload} />}
      {mode === "git" && (
        <>
          <TextField path={["code", "url"]} label="Repository" placeholder="https://github.com/team/repo.git" required mono />
          <FieldRow>
            <TextField path={["code", "ref"]} label="Branch, tag or commit" placeholder="HEAD" mono />
            <TextField path={["code", "subdirectory"]} label="Folder in it" placeholder="the whole repository" mono />
          </FieldRow>
        </>
      )}
    </FormSection>
  );
}

function summaryOf(code: Code | null | undefined): string {
  if (code?.kind === "git") return code.url || "Git";
  return code?.kind === "archive" && code.sha256 ? `An archive of ${formatBytes(code.bytes ?? 0)}` : "None";
}

function UploadFields({ code, upload }: { code: Code | null | undefined; upload: ReturnType<typeof useCodeUpload> }) {
  const folder = useRef<HTMLInputElement>(null);
  const { state } = upload;
  const busy = state.phase === "packing" || state.phase === "uploading";
  return (
    <div className={classes.upload}>
      <div style={{ display: "flex", gap: 8, flexWrap: "wrap" }}>
        <input ref={folder} type="file" hidden multiple aria-label="Folder" {...{ webkitdirectory: "" }} onChange={(event) => { const files = [...(event.currentTarget.files ?? [])]; event.currentTarget.value = ""; if (files.length > 0) upload.takeFolder(files); }} />
        <Button variant="default" leftSection={<IconFolder size={15} />} disabled={busy} onClick={() => folder.current?.click()}>Choose a folder</Button>
        <FileButton accept=".gz,.tgz,application/gzip" onChange={(file) => file && upload.takeArchive(file)}>
          {(props) => <Button variant="default" leftSection={<IconFileZip size={15} />} disabled={busy} {...props}>Choose a .tar.gz</Button>}
        </FileButton>
        {busy && <Button variant="subtle" color="gray" onClick={upload.stop}>Stop</Button>}
      </div>
      <UploadLine state={state} code={code} />
      <span className="dim">Without what .gitignore and .droverignore name. At most {formatBytes(MAX_CODE_BYTES)} packed; keep data on the cluster.</span>
    </div>
  );
}

function UploadLine({ state, code }: { state: UploadState; code: Code | null | undefined }) {
  if (state.phase === "failed") return <Input.Error role="alert">{state.message}</Input.Error>;
  if (state.phase === "packing" || state.phase === "uploading") {
    const words = state.phase === "packing" ? "Packing" : "Uploading";
    return <div style={{ width: "100%", maxWidth: 360 }}><div className="dim" style={{ marginBottom: 4 }}>{words}… {formatShare(state.share)}</div><Progress value={state.share * 100} aria-label={words} size="sm" /></div>;
  }
  if (code?.kind !== "archive" || !code.sha256) return null;
  return <div className={classes.done}><IconCheck size={15} color="var(--tone-good)" /><span>{state.phase === "done" && state.sha256 === code.sha256 ? `Uploaded: ${state.words}` : `An archive of ${formatBytes(code.bytes ?? 0)} is set`}</span><Id value={code.sha256} max={13} label="Copy SHA-256" /></div>;
}
