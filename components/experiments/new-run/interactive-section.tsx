"use client";
import { Select } from "@mantine/core";
import { INTERACTIVE_APPS, INTERACTIVE_PRESETS, type InteractiveApp } from "../../../domain/experiments/interactive.ts";
import { FieldRow, FormSection } from "../../form/form-section.tsx";
import { useField, useHasIssue } from "./draft-context.tsx";
import { TextField } from "./fields.tsx";

const NONE = "none";
const OPTIONS = [{ value: NONE, label: "No: it runs by itself" }, ...INTERACTIVE_APPS.map((app) => ({ value: app, label: INTERACTIVE_PRESETS[app].label }))];
const PRESET_COMMANDS = new Set<unknown>(Object.values(INTERACTIVE_PRESETS).map(({ command }) => command));

/** Whether somebody works in it, and through what. Choosing writes the command, unless there is one of the person's own. */
export function InteractiveSection() {
  const { value, error, disabled, onBlur, change } = useField<{ app?: InteractiveApp; idleTimeout?: string }>(["interactive"]);
  const command = useField<string | string[]>(["command"]);
  const app = value ? (value.app ?? "shell") : NONE;
  function choose(next: string | null): void {
    if (next === null || next === NONE) {
      change(undefined);
      if (PRESET_COMMANDS.has(command.value)) command.change(undefined);
      return;
    }
    change({ ...value, app: next as InteractiveApp });
    const preset = INTERACTIVE_PRESETS[next as InteractiveApp].command;
    if (command.value === undefined || command.value === "" || PRESET_COMMANDS.has(command.value)) command.change(preset ?? undefined);
  }
  return (
    <FormSection title="Work in it" hasIssue={useHasIssue("interactive")} open={app !== NONE} summary={app === NONE ? "no: it runs by itself" : INTERACTIVE_PRESETS[app].label}>
      <FieldRow>
        <Select data-path="interactive" label="Interactive" data={OPTIONS} allowDeselect={false} value={app} error={error} disabled={disabled} onBlur={onBlur} onChange={choose} description={app === NONE ? "A notebook, an editor or a shell, opened from the run’s page." : INTERACTIVE_PRESETS[app].says} />
        {app !== NONE && <TextField path={["interactive", "idleTimeout"]} label="Stop when unused for" placeholder="1h" description="Its room goes back to others." />}
      </FieldRow>
    </FormSection>
  );
}
