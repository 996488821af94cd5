"use client";
import { Textarea } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { FormSection } from "../../form/form-section.tsx";
import { useField, useHasIssue } from "./draft-context.tsx";
import { type Overrides, overridesText, readOverrides } from "./overrides-text.ts";
import classes from "./new-run.module.css";

/** Settings that only one kind of scheduler knows, as YAML; a driver that does not know one refuses it by name. */
export function OverridesSection() {
  const { name, value, error, disabled, onBlur, change } = useField<Overrides>(["overrides"]);
  const [text, setText] = useState(() => overridesText(value));
  const [problem, setProblem] = useState<string | null>(null);
  const written = useRef(JSON.stringify(value ?? {}));
  useEffect(() => {
    const now = JSON.stringify(value ?? {});
    if (now === written.current) return;
    written.current = now; // changed in the YAML
    setText(overridesText(value));
    setProblem(null);
  }, [value]);
  function edit(next: string): void {
    setText(next);
    const read = readOverrides(next);
    setProblem(read.problem);
    written.current = JSON.stringify(read.value ?? {});
    change(read.value);
  }
  const schedulers = typeof value === "string" ? [] : Object.keys(value ?? {});
  return (
    <FormSection title="Scheduler overrides" hasIssue={useHasIssue("overrides")} open={schedulers.length > 0} summary={typeof value === "string" ? "not understood" : schedulers.join(", ") || "none"}>
      <Textarea className={classes.overrides!} name={name} label="Overrides" description="By scheduler. Where the target does not know a setting, the run is refused and the setting named." placeholder={"slurm:\n  partition: gpu\n  qos: high"} autosize minRows={3} maxRows={12} value={text} error={problem ?? error} disabled={disabled} onBlur={onBlur} onChange={(event) => edit(event.currentTarget.value)} />
    </FormSection>
  );
}
