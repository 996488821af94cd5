"use client";
import { Button } from "@mantine/core";
import { useQueryStates } from "nuqs";
import { useCallback, useMemo, useState } from "react";
import { countChoices, filterNodes, type NodeChoice } from "../../domain/clusters/node-filter.ts";
import { formatCount, plural } from "../../domain/shared/format.ts";
import { EmptyState } from "../ui/empty-state.tsx";
import { Chip, FilterBar, FilterText } from "../ui/filters.tsx";
import { Ago } from "../ui/time.tsx";
import { NewCodeButton } from "./agent/new-code.tsx";
import classes from "./clusters.module.css";
import { ClusterFindings } from "./findings.tsx";
import { Network } from "./nodes/network.tsx";
import { NodeRow } from "./nodes/node-row.tsx";
import { useNodeWaste, WasteNote } from "./nodes/node-waste.tsx";
import { nodesParams } from "./nodes/nodes-params.ts";
import { ClusterSlowRanks } from "./slow-ranks.tsx";
import { useCluster } from "./use-cluster.ts";

/** So few nodes are shown open; more stay a list to scan. */
const OPEN_UP_TO = 2;
const SHOWN = 50;
const LABELS: Record<NodeChoice, string> = { problems: "Problems", free: "Room for work", drained: "Drained" };

/** The machines of a cluster: what runs were promised, what is measured, who holds which accelerator. */
export function ClusterNodes({ id }: { id: string }) {
  const cluster = useCluster(id);
  const [params, setParams] = useQueryStates(nodesParams);
  const [limit, setLimit] = useState(SHOWN);
  const nodes = useMemo(() => filterNodes(cluster.nodeList, params.q, params.show, params.under), [cluster.nodeList, params.q, params.show, params.under]);
  const counts = useMemo(() => countChoices(cluster.nodeList), [cluster.nodeList]);
  const total = cluster.nodeList.length;
  const waste = useNodeWaste(id);
  // Few nodes are open by default: "-" then means that none is.
  const toggle = useCallback((name: string, open: boolean) => void setParams({ node: open ? name : total <= OPEN_UP_TO ? "-" : null }), [setParams, total]);
  if (total === 0) return <NoNodes id={id} />;
  const isOpen = (name: string) => params.node === name || (params.node === null && total <= OPEN_UP_TO);
  return (
    <>
      <ClusterFindings id={id} />
      <ClusterSlowRanks id={id} />
      <WasteNote waste={waste} />
      {cluster.reachability.state !== "reachable" && cluster.agent?.lastSeenAt && <p className={classes.note}>As the agent last told, <Ago at={cluster.agent.lastSeenAt} />.</p>}
      <Network nodes={cluster.nodeList} under={params.under} onUnder={(under) => void setParams({ under })} />
      {total > OPEN_UP_TO && (
        <FilterBar>
          <FilterText value={params.q} onChange={(q) => void setParams({ q: q || null })} placeholder="Node, model or run" />
          {(Object.keys(LABELS) as NodeChoice[]).map((choice) => (
            <Chip key={choice} on={params.show === choice} count={counts[choice]} onToggle={() => void setParams({ show: params.show === choice ? null : choice })}>{LABELS[choice]}</Chip>
          ))}
          {params.under !== null && <Chip on onToggle={() => void setParams({ under: null })}>Under {params.under}</Chip>}
          <Legend />
        </FilterBar>
      )}
      {nodes.length === 0 ? <EmptyState title="No node matches" action={<Button variant="default" onClick={() => void setParams({ q: null, show: null, under: null })}>Show all nodes</Button>} /> : (
        <ul className={classes.nodes} aria-label="Nodes">
          {nodes.slice(0, limit).map((node) => (
            <NodeRow key={node.id} clusterId={id} node={node} waste={waste.get(node.name)} stale={cluster.reachability.state !== "reachable"} open={isOpen(node.name)} onToggle={toggle} />
          ))}
        </ul>
      )}
      <div className={classes.foot}>
        <span>{limit < nodes.length || nodes.length < total ? `${formatCount(Math.min(limit, nodes.length))} of ${plural(total, "node")}` : plural(total, "node")}</span>
        {nodes.length > limit && <Button variant="default" onClick={() => setLimit(limit + SHOWN)}>Load more</Button>}
      </div>
    </>
  );
}

/** What the two bars of a node mean. */
function Legend() {
  return (
    <span className={classes.legend}>
      <span className={classes.legendKey} data-of="held" /> held by runs
      <span className={classes.legendKey} data-of="measured" /> measured
    </span>
  );
}

function NoNodes({ id }: { id: string }) {
  const cluster = useCluster(id);
  const never = cluster.reachability.state === "never";
  return (
    <EmptyState title="No nodes yet" action={never ? <NewCodeButton primary /> : undefined}>
      {never ? "Nodes, their cores, memory and accelerators appear here as soon as an agent has connected." : "The agent reports none. They appear here as soon as it does."}
    </EmptyState>
  );
}
