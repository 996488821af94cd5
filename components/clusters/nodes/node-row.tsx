"use client";
import { Button } from "@mantine/core";
import { IconChevronRight } from "@tabler/icons-react";
import Link from "next/link";
import { memo } from "react";
import type { NodeView } from "../../../domain/clusters/cluster-view.ts";
import { failing } from "../../../domain/clusters/node-filter.ts";
import type { NodeWaste } from "../../../domain/costs/waste.ts";
import { formatMib, formatNumber, plural } from "../../../domain/shared/format.ts";
import { paths } from "../../../paths.ts";
import { useOrg } from "../../providers/viewer.tsx";
import { StatusBadge, ToneBadge } from "../../ui/status-badge.tsx";
import { Ago } from "../../ui/time.tsx";
import classes from "../clusters.module.css";
import { DrainButton } from "../drain-button.tsx";
import { AcceleratorStrip, AcceleratorTiles } from "./accelerators.tsx";
import { IdleBadge, NodeWasteFacts } from "./node-waste.tsx";
import { RunName } from "./run-name.tsx";
import { UseBars } from "./use-bars.tsx";

interface Props {
  clusterId: string;
  node: NodeView;
  /** Of its accelerators; undefined until that is known. */
  waste: NodeWaste | undefined;
  /** The agent is silent: what it last told may no longer be so. */
  stale: boolean;
  open: boolean;
  onToggle: (name: string, open: boolean) => void;
}

/** One line to scan; opened, every accelerator and run. */
export const NodeRow = memo(function NodeRow({ clusterId, node, waste, stale, open, onToggle }: Props) {
  return (
    <li className={classes.node} data-open={open || undefined}>
      <div className={classes.nodeLine}>
        <div className={classes.nodeWho}>
          <button type="button" className={classes.nodeToggle} aria-expanded={open} onClick={() => onToggle(node.name, !open)}>
            <IconChevronRight size={14} className={classes.chevron} aria-hidden="true" />
            <span className={classes.nodeName}>{node.name}</span>
          </button>
          <NodeStatus node={node} waste={waste} stale={stale} />
        </div>
        {node.accelerators.length > 0 && <AcceleratorStrip node={node} />}
        <UseBars name="Cores" node={node.name} held={node.cpus.used} measured={node.cpus.load} total={node.cpus.total} format={formatNumber} />
        <UseBars name="Memory" node={node.name} held={node.memoryMib.used} measured={node.memoryMib.load} total={node.memoryMib.total} format={formatMib} />
        <UseBars name="Disk" node={node.name} held={null} measured={node.diskMib.free === null ? null : node.diskMib.total - node.diskMib.free} total={node.diskMib.total} format={formatMib} />
        <div className={classes.nodeActs}><DrainButton target={{ kind: "node", id: node.id, name: node.name, drained: node.drainedAt !== null, runs: node.runs.length }} size="compact-xs" h={26} /></div>
      </div>
      {open && <NodeBody clusterId={clusterId} node={node} waste={waste} />}
    </li>
  );
});

function NodeStatus({ node, waste, stale }: Pick<Props, "node" | "waste" | "stale">) {
  const sick = node.accelerators.filter(failing);
  return (
    <div className={classes.nodeStatus}>
      {node.drainedAt ? <StatusBadge status={node.runs.length > 0 ? "draining" : "drained"} reason={drainWords(node)} /> : stale ? <ToneBadge tone="neutral" icon="ring">Was {node.state}</ToneBadge> : <StatusBadge status={node.state} reason={node.stateReason} />}
      {node.reserved && node.state === "up" && <ToneBadge tone="neutral" icon="ring">Reserved</ToneBadge>}
      {node.drainedAt && node.state === "down" && <StatusBadge status="down" reason={node.stateReason} />}
      {sick.length > 0 && <ToneBadge tone={sick.some((one) => one.health === "failed") ? "bad" : "warn"} icon={sick.some((one) => one.health === "failed") ? "cross" : "triangle"}>{plural(sick.length, "sick GPU")}</ToneBadge>}
      <IdleBadge waste={waste} />
      {node.runs[0] && <span className={classes.nodeRuns}><RunName run={node.runs[0]} max={28} />{node.runs.length > 1 && ` +${node.runs.length - 1}`}</span>}
    </div>
  );
}

const drainWords = (node: NodeView) => `Drained${node.drainedBy ? ` by ${node.drainedBy}` : ""}${node.drainReason ? `: ${node.drainReason}` : ""}. It takes no new work.`;

function NodeBody({ clusterId, node, waste }: Pick<Props, "clusterId" | "node" | "waste">) {
  const org = useOrg();
  return (
    <div className={classes.nodeBody}>
      {node.state === "down" && <p className={classes.note}>{node.stateReason ?? "The agent reports it as down."}</p>}
      {node.state === "off" && <p className={classes.note}>{node.stateReason}</p>}
      {node.partitions.length > 0 && <p className={classes.note}>{node.partitions.length === 1 ? "Partition" : "Partitions"}: {node.partitions.join(", ")}</p>}
      {node.topology.length > 0 && <p className={classes.note}>Network: {node.topology.join(" › ")}</p>}
      {node.reserved && <p className={classes.note}>{node.state === "up" ? (node.stateReason ?? "Reserved by its scheduler") : "Reserved by its scheduler"}: it takes only runs that name the reservation.</p>}
      {node.drainedAt && <p className={classes.note}>{drainWords(node)} <Ago at={node.drainedAt} prefix="Since" /></p>}
      <NodeWasteFacts waste={waste} />
      {node.accelerators.length > 0 && <AcceleratorTiles node={node} />}
      {node.runs.length > 0 && (
        <table className={classes.runs} aria-label={`Runs on ${node.name}`}>
          <thead><tr><th scope="col">Run</th><th scope="col">Status</th><th scope="col" data-num>Cores</th><th scope="col" data-num>Memory</th><th scope="col" data-num>GPUs</th></tr></thead>
          <tbody>
            {node.runs.map((run) => (
              <tr key={run.attemptId}>
                <td style={{ overflowWrap: "anywhere" }}><RunName run={run} max={48} /></td>
                <td><StatusBadge status={run.status as "running"} /></td>
                <td data-num>{formatNumber(run.cpus)}</td>
                <td data-num>{formatMib(run.memoryMib)}</td>
                <td data-num>{run.gpus === 0 ? "—" : run.gpus}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {node.runs.length === 0 && <p className={classes.note}>No run holds anything here.</p>}
      {node.outside > 0 && <p className={classes.note}><Link href={paths.clusterTab(org, clusterId, "scheduler")}>{plural(node.outside, "job")} from outside Drover</Link> {node.outside === 1 ? "is" : "are"} on it.</p>}
      <div style={{ minWidth: 0 }}><Button variant="default" maw="100%" component={Link} href={`${paths.clusterTab(org, clusterId, "telemetry")}?node=${encodeURIComponent(node.name)}`}>Telemetry of {node.name}</Button></div>
    </div>
  );
}
