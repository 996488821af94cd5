"use client";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { NodeWaste } from "../../../domain/costs/waste.ts";
import { formatShare, plural } from "../../../domain/shared/format.ts";
import { useTRPC } from "../../providers/api.tsx";
import { ToneBadge } from "../../ui/status-badge.tsx";
import { Ago } from "../../ui/time.tsx";
import classes from "../clusters.module.css";
import { RunName } from "./run-name.tsx";

const LOOK_EVERY_MS = 60_000;
const NAMED = 3;

/** How the accelerators of a cluster's nodes stand, by node; looked at apart from the page, which does not wait for it. */
export function useNodeWaste(clusterId: string): ReadonlyMap<string, NodeWaste> {
  const { data } = useQuery({ ...useTRPC().clusters.waste.queryOptions({ id: clusterId }), refetchInterval: LOOK_EVERY_MS });
  return useMemo(() => new Map(data?.map((one) => [one.node, one])), [data]);
}

const used = (use: number): string => `${formatShare(use / 100)} used on average in the last hour`;

/** All nodes together, and where most is held in vain. */
export function WasteNote({ waste }: { waste: ReadonlyMap<string, NodeWaste> }) {
  const nodes = [...waste.values()];
  const all = (of: (one: NodeWaste) => number) => nodes.reduce((sum, one) => sum + of(one), 0);
  const [held, idle, dark] = [all((one) => one.total - one.free), all((one) => one.idleHeld), all((one) => one.unmeasured)];
  const measured = nodes.filter((one) => one.use !== null);
  const weight = (one: NodeWaste) => one.busy + one.idleHeld;
  if (held === 0) return null;
  const worst = nodes.filter((one) => one.idleHeld > 0).toSorted((a, b) => b.idleHeld - a.idleHeld).slice(0, NAMED);
  return (
    <p className={classes.note}>
      {held} of {plural(all((one) => one.total), "accelerator")} held
      {measured.length > 0 && <>, {used(measured.reduce((sum, one) => sum + one.use! * weight(one), 0) / measured.reduce((sum, one) => sum + weight(one), 0))}</>}
      {dark > 0 && <>, {dark} not measured</>}
      {idle > 0 && <>; {idle} held and idle: {worst.map((one) => `${one.idleHeld} on ${one.node}`).join(", ")}{nodes.filter((one) => one.idleHeld > 0).length > NAMED && ", …"}</>}.
    </p>
  );
}

export function IdleBadge({ waste }: { waste: NodeWaste | undefined }) {
  return waste && waste.idleHeld > 0 ? <ToneBadge tone="warn" icon="triangle">{plural(waste.idleHeld, "GPU")} held and idle</ToneBadge> : null;
}

/** Of one node: how much is used of what is held, and whose the idle ones are. */
export function NodeWasteFacts({ waste }: { waste: NodeWaste | undefined }) {
  if (!waste || waste.total === waste.free) return null;
  return (
    <div className={classes.note}>
      {waste.total - waste.free} of {plural(waste.total, "accelerator")} held{waste.use !== null && `, ${used(waste.use)}`}{waste.unmeasured > 0 && `, ${waste.unmeasured} not measured`}.
      {waste.idle.length > 0 && (
        <ul className={classes.findingRuns} aria-label="Held and idle">
          {waste.idle.map((one) => <li key={one.run.id}><RunName run={one.run} max={40} />{one.owner && ` of ${one.owner}`} holds {one.count} and leaves {one.count === 1 ? "it" : "them"} idle <span className="dim">· <Ago at={one.heldSince} prefix="held since" /></span></li>)}
        </ul>
      )}
    </div>
  );
}
