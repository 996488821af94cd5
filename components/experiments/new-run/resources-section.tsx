"use client";
import { fewestNodes, isElastic } from "../../../domain/experiments/node-count.ts";
import { LAUNCHERS } from "../../../domain/experiments/run-spec.ts";
import { plural } from "../../../domain/shared/format.ts";
import { FieldRow, FormSection } from "../../form/form-section.tsx";
import { useDraft, useField, useHasIssue } from "./draft-context.tsx";
import { NumberField, SelectField, TextField } from "./fields.tsx";

/** What each launcher does, under where it is chosen. */
const LAUNCHER_SAYS: Partial<Record<string, string>> = {
  torchrun: "torchrun starts the command’s processes on every node and tells them where to meet.",
  mpi: "mpirun starts the command’s ranks, over all nodes together.",
  ray: "The command starts as a job of a Ray cluster.",
};

export function ResourcesSection() {
  const { document } = useDraft();
  const resources = document.spec?.resources;
  return (
    <FormSection title="Resources" hasIssue={useHasIssue("resources", "launcher", "processesPerNode", "workerRestarts")} summary={resources ? `${resources.gpus} GPUs, ${resources.cpus} cores per node, ${isElastic(resources) ? `${fewestNodes(resources)} to ` : ""}${plural(resources.nodes, "node")}` : undefined}>
      <FieldRow>
        <NumberField path={["resources", "gpus"]} label="GPUs per node" placeholder="0" max={1024} />
        <TextField path={["resources", "gpuModel"]} label="GPU model" placeholder="any, or h100, shared, 1g.10gb" />
        <NumberField path={["resources", "nodes"]} label="Nodes" placeholder="1" min={1} />
      </FieldRow>
      <FieldRow>
        <NumberField path={["resources", "cpus"]} label="Cores per node" placeholder="1" min={0.1} step={1} decimal />
        <TextField path={["resources", "memory"]} label="Memory per node" placeholder="1GiB" />
        <SelectField path={["launcher"]} label="Launcher" unset="none" data={LAUNCHERS.map((one) => ({ value: one, label: one === "none" ? "None" : one }))} />
      </FieldRow>
      <LauncherFields />
    </FormSection>
  );
}

/** What only some launchers know shows with them, and wherever it is set: a field that is refused can be seen and emptied. */
function LauncherFields() {
  const { value: launcher = "none" } = useField<string>(["launcher"]);
  const { value: processes } = useField<number>(["processesPerNode"]);
  const { value: fewest } = useField<number>(["resources", "minNodes"]);
  const { value: restarts } = useField<number>(["workerRestarts"]);
  return (
    <>
      {LAUNCHER_SAYS[launcher] && <span className="dim">{LAUNCHER_SAYS[launcher]}</span>}
      <FieldRow>
        {(launcher !== "none" || processes !== undefined) && <NumberField path={["processesPerNode"]} label="Processes per node" placeholder="one per GPU" min={1} max={1024} description="Each is a rank with a log of its own." />}
        {(launcher === "torchrun" || fewest !== undefined) && <NumberField path={["resources", "minNodes"]} label="Nodes at least" placeholder="all of them" min={1} description="Starts on what is free, from so many up." />}
        {(launcher === "torchrun" || restarts !== undefined) && <NumberField path={["workerRestarts"]} label="Restarts of workers" placeholder="0" max={100} description="Within an attempt, after a failure." />}
      </FieldRow>
    </>
  );
}
