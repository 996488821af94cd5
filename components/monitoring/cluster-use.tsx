"use client";
import Link from "next/link";
import type { ClusterRow } from "../../domain/clusters/cluster-view.ts";
import { formatCount, formatMib, formatNumber } from "../../domain/shared/format.ts";
import { paths } from "../../paths.ts";
import { useOrg } from "../providers/viewer.tsx";
import { Meter } from "../ui/meter.tsx";
import { StatusBadge } from "../ui/status-badge.tsx";
import classes from "./overview.module.css";

const SHOWN = 6;

/** How much of each cluster is promised to runs. */
export function ClusterUse({ clusters }: { clusters: readonly ClusterRow[] }) {
  const org = useOrg();
  return (
    <>
      {clusters.slice(0, SHOWN).map((cluster) => (
        <div key={cluster.id} className={classes.cluster}>
          <div className={classes.clusterHead}>
            <Link href={paths.cluster(org, cluster.id)} className={`${classes.lineName} cut`}>{cluster.name}</Link>
            {cluster.drainedAt ? <StatusBadge status="drained" /> : <StatusBadge status={cluster.reachability.state} />}
          </div>
          {cluster.nodes.total > 0 && (
            <div className={classes.bars}>
              {cluster.accelerators.total > 0 && <Bar what="GPUs" name={cluster.name} {...cluster.accelerators} text={`${formatNumber(cluster.accelerators.used)} of ${formatCount(cluster.accelerators.total)}`} />}
              <Bar what="Cores" name={cluster.name} {...cluster.cpus} text={`${formatNumber(cluster.cpus.used)} of ${formatNumber(cluster.cpus.total)}`} />
              <Bar what="Memory" name={cluster.name} {...cluster.memoryMib} text={`${formatMib(cluster.memoryMib.used)} of ${formatMib(cluster.memoryMib.total)}`} />
            </div>
          )}
        </div>
      ))}
      {clusters.length > SHOWN && <div className={classes.none}><Link href={paths.clusters(org)}>{clusters.length - SHOWN} more</Link></div>}
    </>
  );
}

function Bar({ what, name, used, total, text }: { what: string; name: string; used: number; total: number; text: string }) {
  return (
    <>
      <span>{what}</span>
      <Meter used={used} total={total} label={`${what} of ${name} given to runs`} />
      <span className="num">{text}</span>
    </>
  );
}
