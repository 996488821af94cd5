"use client";
import type { ClusterDetail } from "../../domain/clusters/cluster-view.ts";
import type { Capabilities } from "../../domain/clusters/capabilities.ts";
import { EmptyState } from "../ui/empty-state.tsx";
import { Id } from "../ui/id.tsx";
import { Section } from "../ui/page-header.tsx";
import { StatusBadge } from "../ui/status-badge.tsx";
import { Ago } from "../ui/time.tsx";
import { NewCodeButton } from "./agent/new-code.tsx";
import { RevokeButton } from "./agent/revoke-button.tsx";
import classes from "./clusters.module.css";
import { Pairs } from "./pairs.tsx";
import { useCluster } from "./use-cluster.ts";

/** Who speaks for the cluster, what it can and may do, and how to replace or shut it out. */
export function ClusterAgent({ id }: { id: string }) {
  const cluster = useCluster(id);
  if (!cluster.agent) return <EmptyState title="No agent has enrolled" action={<NewCodeButton primary />}>The agent runs on the cluster’s machine and dials out to this server. Its identity, version and local policy appear here once it has used an enrolment code.</EmptyState>;
  return (
    <div className={classes.columns}>
      <div>
        <Section title="Identity" actions={<div className={classes.acts}><NewCodeButton /><RevokeButton cluster={cluster} /></div>}>
          <Identity agent={cluster.agent} state={cluster.reachability.state} />
        </Section>
        <Section title="What its machine allows">
          {cluster.policy ? <p className={classes.policy}>{cluster.policy}</p> : <p className={classes.note}>The agent has not said yet. It tells its local policy when it joins.</p>}
          <p className={classes.note}>This policy lies in a file on that machine. Whoever owns the machine changes it there; nobody can from here.</p>
        </Section>
      </div>
      <Section title="What runs can ask for">
        {cluster.capabilities ? <Pairs label="Capabilities" items={capabilityItems(cluster.capabilities)} /> : <p className={classes.note}>Known once the agent has joined.</p>}
      </Section>
    </div>
  );
}

function Identity({ agent, state }: { agent: NonNullable<ClusterDetail["agent"]>; state: ClusterDetail["reachability"]["state"] }) {
  const { host } = agent;
  return (
    <>
      <Pairs
        label="Agent"
        items={[
          ["State", <StatusBadge key="s" status={state} />],
          ["Last heard", <Ago key="l" at={agent.lastSeenAt} />],
          ["Host", host["hostname"] ?? "—"],
          ["System", [host["os"], host["arch"]].filter(Boolean).join(", ") || "—"],
          ["Agent version", agent.version ?? "—"],
          ["Node.js", host["node"] ?? "—"],
          ["Protocol", agent.protocol ?? "—"],
          ["Fingerprint", <span key="f" className={`mono ${classes.fingerprint}`}>{agent.fingerprint}</span>],
          ["Id", <Id key="i" value={agent.id} />],
          ["Enrolled", <Ago key="e" at={agent.createdAt} />],
          ["Joined", agent.joinCount === 1 ? "once" : `${agent.joinCount} times`],
          ...(agent.revokedAt ? [["Revoked", <Ago key="r" at={agent.revokedAt} />] as const] : []),
        ]}
      />
      <p className={classes.note}>Each start of the agent is a join. <code>drover-agent status</code> on its machine prints the same fingerprint; if it differs, somebody else enrolled: revoke it.</p>
    </>
  );
}

const MEMORY_LIMIT = { cgroup: "enforced by the kernel (cgroup)", watch: "watched by the agent, which ends what goes over", none: "not enforced" };

function capabilityItems(can: Capabilities): [string, string][] {
  return [
    ["Driver", { process: "Processes on the machine", slurm: "Slurm", kubernetes: "Kubernetes", ray: "Ray" }[can.driver]],
    ["Nodes per run", can.maxNodes === 1 ? "1" : `up to ${can.maxNodes}`],
    ["Launchers", can.launchers.join(", ") || "none"],
    ["Code from git", can.git ? "yes" : "no: upload the folder instead"],
    ["Checkpoints", can.checkpoint ? "yes" : "no"],
    ["Memory limit", MEMORY_LIMIT[can.memoryLimit]],
    ["Overrides", can.overrides.join(", ") || "none"],
  ];
}
