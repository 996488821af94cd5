"use client";
import { Textarea } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { parse } from "yaml";
import { FormSection } from "../../form/form-section.tsx";
import { useField, useHasIssue } from "./draft-context.tsx";
import { writeSpec } from "./spec-document.ts";
import classes from "./new-run.module.css";

/** Settings that only one kind of scheduler knows, as YAML; a driver that does not know one refuses it by name. */
export function OverridesSection() {
  const { name, value, error, disabled, onBlur, change } = useField<Record<string, unknown>>(["overrides"]);
  const [text, setText] = useState(() => writeSpec(value ?? {}));
  const [problem, setProblem] = useState<string | null>(null);
  const written = useRef(JSON.stringify(value ?? {}));
  useEffect(() => {
    const now = JSON.stringify(value ?? {});
    if (now === written.current) return;
    written.current = now; // changed in the YAML
    setText(writeSpec(value ?? {}));
    setProblem(null);
  }, [value]);
  function edit(next: string): void {
    setText(next);
    try {
      const read = parse(next, { maxAliasCount: 0 }) as unknown;
      if (read !== null && (typeof read !== "object" || Array.isArray(read))) throw new Error("Expected a scheduler's name with its settings under it.");
      setProblem(null);
      const record = read === null || Object.keys(read).length === 0 ? undefined : (read as Record<string, unknown>);
      written.current = JSON.stringify(record ?? {});
      change(record);
    } catch (cause) {
      setProblem(cause instanceof Error ? cause.message.split("\n")[0]! : "Not YAML.");
    }
  }
  return (
    <FormSection title="Scheduler overrides" hasIssue={useHasIssue("overrides")} open={Object.keys(value ?? {}).length > 0} summary={Object.keys(value ?? {}).join(", ") || "none"}>
      <Textarea className={classes.overrides!} name={name} label="Overrides" description="By scheduler. Where the target does not know a setting, the run is refused and the setting named." placeholder={"slurm:\n  partition: gpu\n  qos: high"} autosize minRows={3} maxRows={12} value={text} error={problem ?? error} disabled={disabled} onBlur={onBlur} onChange={(event) => edit(event.currentTarget.value)} />
    </FormSection>
  );
}
