"use client";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { formatSeconds } from "../../../domain/shared/format.ts";
import type { RunSpec } from "../../../domain/experiments/run-spec.ts";
import { useTRPC } from "../../providers/api.tsx";
import { CopyCommand, CopyIcon, Id } from "../../ui/id.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Section } from "../../ui/page-header.tsx";
import classes from "../experiments.module.css";
import { withoutDefaults, writeSpec } from "../new-run/spec-document.ts";
import { Pairs } from "../run/pairs.tsx";
import { resourcesWords } from "../resources.tsx";

/** What was asked for, as YAML to copy, with what the defaults made of it and what the process got. */
export function RunSpecView({ id }: { id: string }) {
  const trpc = useTRPC();
  const run = useSuspenseQuery(trpc.experiments.get.queryOptions({ id })).data;
  const { spec } = run;
  const yaml = useMemo(() => (spec ? writeSpec(withoutDefaults(spec)) : ""), [spec]);
  const environment = Object.entries(run.environment);
  if (!spec) return <EmptyState title="There is no spec">A client runs it elsewhere and logs here: nothing was submitted to Drover.</EmptyState>;
  return (
    <div className={classes.columns}>
      <div style={{ minWidth: 0 }}>
        <Section title="Spec" actions={<CopyIcon value={yaml} label="Copy YAML" />}>
          <pre className={classes.lines} style={{ background: "var(--surface)", maxHeight: "none", marginTop: 8 }} tabIndex={0} aria-label="Spec as YAML">{yaml}</pre>
        </Section>
        <Section title="Run it again from a terminal">
          <div style={{ paddingTop: 8 }}><CopyCommand command={`./drover run - <<'SPEC'\n${yaml}SPEC`} /></div>
        </Section>
      </div>
      <div style={{ minWidth: 0 }}>
        <Section title="As resolved"><Pairs label="Resolved values" items={resolved(spec, run)} /></Section>
        <Section title="Environment" count={environment.length}>
          {environment.length > 0 ? <Pairs label="Environment" items={environment.map(([name, value]) => [name, <span key={name} className="mono">{value}</span>] as const)} /> : <div className={classes.empty}>Known once an attempt has been placed.</div>}
        </Section>
      </div>
    </div>
  );
}

function resolved(spec: RunSpec, run: { cpus: number; memoryMib: number; gpus: number; nodes: number }): [string, React.ReactNode][] {
  const { code } = spec;
  return [
    ["Resources", resourcesWords({ ...run, minNodes: spec.resources.minNodes }, spec.resources.gpuModel)],
    ["Code", code === null ? "None" : code.kind === "git" ? `${code.url} at ${code.ref}` : <Id key="code" value={code.sha256} max={20} label="Copy digest" />],
    ["Launcher", spec.launcher],
    ["Priority", String(spec.priority)],
    ["Retries", spec.retry.max === 0 ? "None" : `${spec.retry.max}, after ${spec.retry.on.join(", ")}`],
    ["Preemptible", spec.preemptible ? "Yes: may be stopped for other work" : "No"],
    ["When out of reach", spec.onLostContact === "hold" ? "Wait for it" : "Restart elsewhere"],
    ["Maximum duration", spec.maxDuration === null ? "None" : formatSeconds(spec.maxDuration)],
    ["Checkpoints", spec.checkpoint.enabled ? `Kept; ${spec.checkpoint.graceSeconds} s to save` : "Off"],
    ["Artifacts", spec.artifacts.length === 0 ? "None" : spec.artifacts.join(", ")],
    ["Cluster", spec.cluster ?? "Any that fits"],
  ];
}
