import { MantineProvider } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { RunSpec, type RunSpecInput } from "../../../domain/experiments/run-spec.ts";
import { ApiProvider, useTRPC } from "../../providers/api.tsx";
import { OrgProvider } from "../../providers/viewer.tsx";
import { DraftProvider } from "./draft-context.tsx";
import { writeSpec } from "./spec-document.ts";
import { SpecFields } from "./spec-fields.tsx";

const base: RunSpecInput = { name: "a", project: "p", command: "true" };

const git = { code: { kind: "git", url: "https://example.test/x.git" } } as const;

/** Each field of a spec, with what must be chosen before the form shows it. */
const FIELDS: Record<string, Partial<RunSpecInput>> = {
  name: {},
  project: {},
  experiment: {},
  command: {},
  code: {},
  "code.url": git,
  "code.ref": git,
  "code.subdirectory": git,
  env: {},
  secrets: {},
  params: {},
  "resources.cpus": {},
  "resources.memory": {},
  "resources.gpus": {},
  "resources.gpuModel": {},
  "resources.nodes": {},
  "resources.minNodes": { launcher: "torchrun" },
  launcher: {},
  processesPerNode: { launcher: "mpi" },
  workerRestarts: { launcher: "torchrun" },
  priority: {},
  preemptible: {},
  "retry.max": {},
  "retry.on": {},
  onLostContact: {},
  maxDuration: {},
  "checkpoint.enabled": {},
  "checkpoint.graceSeconds": {},
  interactive: {},
  "interactive.idleTimeout": { interactive: { app: "shell" } },
  artifacts: {},
  cluster: {},
  "constraints.regions": {},
  "constraints.drivers": {},
  tags: {},
  overrides: {},
};

/** Every leaf of the schema, as it is parsed. Records and lists are one field. */
function leaves(value: Record<string, unknown>, at = ""): string[] {
  const open = new Set(["resources", "retry", "checkpoint", "constraints"]);
  return Object.entries(value).flatMap(([key, inner]) => (open.has(key) ? leaves(inner as Record<string, unknown>, `${key}.`) : [at + key]));
}

/** The names of the fields that the form shows for this spec. */
function shown(spec: Partial<RunSpecInput>): Set<string> {
  const html = renderToStaticMarkup(
    <MantineProvider><ApiProvider org="acme"><OrgProvider value="acme"><AsMember><DraftProvider initial={writeSpec({ ...base, ...spec })}><SpecFields /></DraftProvider></AsMember></OrgProvider></ApiProvider></MantineProvider>,
  );
  return new Set([...html.matchAll(/ (?:name|data-path)="([^"]+)"/g)].map(([, name]) => name!));
}

function AsMember({ children }: { children: React.ReactNode }) {
  useQueryClient().setQueryData(useTRPC().access.viewer.queryKey(), { projects: [], held: [] } as never);
  return children;
}

describe("every field of a spec in the form", () => {
  it("is in this table", () => {
    expect(leaves(RunSpec.parse(base)).filter((name) => !(name in FIELDS))).toEqual([]);
  });

  it.each(Object.entries(FIELDS))("%s can be filled in", (field, chosen) => {
    expect(shown(chosen)).toContain(field);
  });

  it.each([["processesPerNode", { processesPerNode: 2 }], ["workerRestarts", { workerRestarts: 2 }], ["resources.minNodes", { resources: { minNodes: 1 } }]])("%s shows wherever it is set, so that it can be taken out again", (field, set) => {
    expect(shown({})).not.toContain(field);
    expect(shown(set)).toContain(field);
  });
});
