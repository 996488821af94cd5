"use client";
import { Checkbox, Input, SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { DEFAULT_RETRY_ON, FAILURE_CLASSES } from "../../../domain/experiments/failure.ts";
import { DRIVERS } from "../../../domain/experiments/run-spec.ts";
import { FieldRow, FormSection } from "../../form/form-section.tsx";
import { useTRPC } from "../../providers/api.tsx";
import { useProjectsWhere, useViewer } from "../../providers/viewer.tsx";
import { areLines, argumentsOf, shellLine } from "./command-text.ts";
import { useDraft, useField, useHasIssue } from "./draft-context.tsx";
import { AreaField, ListField, NumberField, SelectField, TextField } from "./fields.tsx";
import { PairsField } from "./pairs-field.tsx";

export function BasicsSection() {
  const trpc = useTRPC();
  const { value: project, name, error, change, onBlur, disabled } = useField<string>(["project"]);
  const groups = useQuery(trpc.experiments.groups.queryOptions(project ? { project } : {})).data ?? [];
  const other = groups.find((group) => group.name !== "Default");
  const mine = useProjectsWhere("runs:submit");
  return (
    <FormSection title="What to run" hasIssue={useHasIssue("name", "project", "experiment", "command")}>
      <TextField path={["name"]} label="Name" placeholder="resnet-baseline" required />
      <FieldRow>
        <ProjectSelect name={name} value={project} error={error} disabled={disabled} onBlur={onBlur} change={change} data={mine.map((one) => ({ value: one.slug, label: one.name }))} />
        <TextField path={["experiment"]} label="Experiment" placeholder={other ? `Default, ${other.name}, …` : "Default"} />
      </FieldRow>
      <CommandField />
    </FormSection>
  );
}

function ProjectSelect({ name, value, error, disabled, onBlur, change, data }: { name: string; value: string | undefined; error: string | undefined; disabled: boolean; onBlur: () => void; change: (value: string | undefined) => void; data: { value: string; label: string }[] }) {
  const known = !value || data.some((one) => one.value === value);
  return (
    <Input.Wrapper label="Project" withAsterisk error={error ?? (known ? undefined : "You may not submit to this project.")} id="field-project">
      <Input component="select" id="field-project" error={error !== undefined || !known} name={name} value={value ?? ""} disabled={disabled} onBlur={onBlur} onChange={(event) => change(event.currentTarget.value || undefined)} pointer>
        {!value && <option value="">Choose a project</option>}
        {!known && <option value={value}>{value}</option>}
        {data.map((one) => <option key={one.value} value={one.value}>{one.label}</option>)}
      </Input>
    </Input.Wrapper>
  );
}

/** A shell line, or a list of arguments that no shell touches. */
function CommandField() {
  const { value, error, disabled, onBlur, change } = useField<string | string[]>(["command"]);
  const isList = Array.isArray(value);
  const isEditable = !isList || areLines(value);
  return (
    <>
      {isList ? (
        <Input.Wrapper label="Command" withAsterisk error={error} description={isEditable ? "One argument per line, run as they are." : "One of the arguments has line breaks: change them in the YAML."}>
          <Input component="textarea" name="command" rows={4} mt={4} value={value.join("\n")} disabled={disabled || !isEditable} onBlur={onBlur} onChange={(event: React.ChangeEvent<HTMLTextAreaElement>) => change(event.currentTarget.value.split("\n"))} styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 12, height: "auto" } }} multiline />
        </Input.Wrapper>
      ) : <AreaField path={["command"]} label="Command" placeholder="python train.py --epochs 10" required />}
      <SegmentedControl size="xs" aria-label="How the command runs" style={{ justifySelf: "start" }} value={isList ? "list" : "shell"} onChange={(next) => change(next === "list" ? argumentsOf(typeof value === "string" ? value : "") : isList && value.join("") !== "" ? shellLine(value.map(String)) : undefined)} data={[{ value: "shell", label: "Shell line" }, { value: "list", label: "Argument list" }]} />
    </>
  );
}

export function InputsSection() {
  const { document } = useDraft();
  const count = (key: string) => Object.keys((document.value?.[key] as object | undefined) ?? {}).length;
  return (
    <FormSection title="Parameters, environment, secrets, tags" hasIssue={useHasIssue("params", "env", "secrets", "tags")} summary={`${count("params")} parameters, ${count("env")} variables, ${count("secrets")} secrets, ${count("tags")} tags`} open={count("params") + count("env") + count("secrets") + count("tags") > 0}>
      <PairsField path={["params"]} label="Parameters" keyLabel="Parameter" typed description="Compared between runs; the process reads them as JSON in DROVER_PARAMS." keyPlaceholder="lr" valuePlaceholder="0.001" />
      <PairsField path={["env"]} label="Environment" keyLabel="Variable" description="Kept with the run and shown on its page: no secrets." keyPlaceholder="NAME" valuePlaceholder="value" />
      <SecretsField />
      <PairsField path={["tags"]} label="Tags" keyLabel="Tag" keyPlaceholder="dataset" valuePlaceholder="imagenet" />
    </FormSection>
  );
}

/** Names only: the values stay with the project. */
function SecretsField() {
  const { projects } = useViewer();
  const { value: slug } = useField<string>(["project"]);
  const project = projects.find((one) => one.slug === slug);
  const known = useQuery({ ...useTRPC().access.secrets.queryOptions({ projectId: project?.id ?? "" }), enabled: project !== undefined }).data?.map(({ name }) => name) ?? [];
  return <ListField path={["secrets"]} label="Secrets" placeholder={known.length > 0 ? known.slice(0, 3).join(", ") : "HF_TOKEN"} data={known} description="Names of secrets that the project keeps: each becomes a variable of the process, and is blackened in its log." />;
}

export function ReliabilitySection() {
  const { document } = useDraft();
  const spec = document.spec;
  return (
    <FormSection title="Limits and retries" hasIssue={useHasIssue("maxDuration", "retry", "preemptible", "onLostContact", "checkpoint")} open={false} summary={spec ? `${spec.maxDuration === null ? "no time limit" : "time limit"}, ${spec.retry.max} retries, ${spec.onLostContact === "hold" ? "waits" : "restarts"} when out of reach` : undefined}>
      <FieldRow>
        <TextField path={["maxDuration"]} label="Maximum duration" placeholder="none, such as 2h30m" description="Others can then be told when it ends." />
        <NumberField path={["retry", "max"]} label="Retries" placeholder="0" max={100} />
      </FieldRow>
      <RetryOn />
      <PreemptibleSwitch />
      <SelectField path={["onLostContact"]} label="When its cluster is out of reach" unset="hold" data={[{ value: "hold", label: "Wait for it: the process may still run" }, { value: "restart", label: "Start again elsewhere once its lease ran out" }]} />
      <FieldRow>
        <CheckpointSwitch />
        <NumberField path={["checkpoint", "graceSeconds"]} label="Seconds to save when stopped" placeholder="30" max={3600} />
      </FieldRow>
    </FormSection>
  );
}

function RetryOn() {
  const { value, change, disabled, error } = useField<string[]>(["retry", "on"]);
  const chosen = value ?? DEFAULT_RETRY_ON;
  const isDefault = (next: string[]) => next.length === DEFAULT_RETRY_ON.length && DEFAULT_RETRY_ON.every((one) => next.includes(one));
  return (
    <Checkbox.Group label="Retry after" value={chosen} error={error} onChange={(next) => change(isDefault(next) ? undefined : next)}>
      <div style={{ display: "flex", flexWrap: "wrap", gap: "6px 16px", marginTop: 4 }} data-path="retry.on" tabIndex={-1}>
        {FAILURE_CLASSES.filter((one) => one !== "cancelled").map((one) => <Checkbox key={one} value={one} label={one} disabled={disabled} />)}
      </div>
    </Checkbox.Group>
  );
}

function PreemptibleSwitch() {
  const { name, value, disabled, change } = useField<boolean>(["preemptible"]);
  return <Checkbox name={name} label="May be stopped for other work" description="It saves a checkpoint and queues again; in return it may borrow what others do not use." checked={value ?? false} disabled={disabled} onChange={(event) => change(event.currentTarget.checked ? true : undefined)} />;
}

function CheckpointSwitch() {
  const { name, value, change, disabled } = useField<boolean>(["checkpoint", "enabled"]);
  return <Checkbox name={name} label="Keep checkpoints across attempts" description="In DROVER_CHECKPOINT_DIR" checked={value ?? true} disabled={disabled} onChange={(event) => change(event.currentTarget.checked ? undefined : false)} mt={22} />;
}

export function PlacementSection() {
  const trpc = useTRPC();
  const clusters = useQuery(trpc.clusters.list.queryOptions()).data ?? [];
  const { value: cluster } = useField<string>(["cluster"]);
  const regions = [...new Set(clusters.map((one) => one.region))];
  const data = [{ value: "", label: "Any that fits" }, ...clusters.map((one) => ({ value: one.slug, label: one.name })), ...(cluster && !clusters.some((one) => one.slug === cluster) ? [{ value: cluster, label: cluster }] : [])];
  return (
    <FormSection title="Where and when" hasIssue={useHasIssue("cluster", "priority", "constraints")} open={false} summary={cluster ? `on ${cluster}` : "any cluster that fits"}>
      <FieldRow>
        <SelectField path={["cluster"]} label="Cluster" unset="" data={data} />
        <NumberField path={["priority"]} label="Priority, 0 to 100" placeholder="50" max={100} />
      </FieldRow>
      <FieldRow>
        <ListField path={["constraints", "regions"]} label="Only in regions" placeholder="any" data={regions} />
        <ListField path={["constraints", "drivers"]} label="Only under" placeholder="any scheduler" data={[...DRIVERS]} />
      </FieldRow>
    </FormSection>
  );
}

export function OutputsSection() {
  const { value } = useField<string[]>(["artifacts"]);
  return (
    <FormSection title="Artifacts" hasIssue={useHasIssue("artifacts")} open={(value?.length ?? 0) > 0} summary={value?.length ? value.join(", ") : "none"}>
      <ListField path={["artifacts"]} label="Files to keep" placeholder="out/**" description="Globs inside the run’s folder, uploaded when an attempt ends." />
    </FormSection>
  );
}
