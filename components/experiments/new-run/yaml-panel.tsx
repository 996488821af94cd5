"use client";
import { Skeleton } from "@mantine/core";
import dynamic from "next/dynamic";
import { useMemo } from "react";
import { CopyIcon } from "../../ui/id.tsx";
import { useDraft } from "./draft-context.tsx";
import classes from "./new-run.module.css";

const YamlEditor = dynamic(() => import("./yaml-editor.tsx").then((module) => module.YamlEditor), { ssr: false, loading: () => <Skeleton height={220} /> });

/** The same spec as text. What is typed on either side shows on the other. */
export function YamlPanel() {
  const { document, setText, issues, showAll } = useDraft();
  // What is merely not written yet is no mistake until one submits.
  const shown = useMemo(() => (showAll ? issues : issues.filter((issue) => issue.message !== "Required.")), [issues, showAll]);
  return (
    <section aria-label="YAML">
      <div className={classes.editorHead}>
        <h2>YAML</h2>
        <CopyIcon value={document.text} label="Copy YAML" />
      </div>
      <div className={classes.editor} style={{ marginTop: 6 }}>
        <YamlEditor text={document.text} issues={shown} onChange={setText} />
      </div>
      {document.value === null && <p style={{ margin: "6px 0 0", color: "var(--tone-bad)" }}>Line {document.issues[0]?.line}: {document.issues[0]?.message} The form waits until it can be read again.</p>}
    </section>
  );
}
