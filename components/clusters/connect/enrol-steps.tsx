"use client";
import { Button, Loader } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRef } from "react";
import type { ClusterDetail, EnrolmentCommand } from "../../../domain/clusters/cluster-view.ts";
import { formatMib, formatNumber, plural } from "../../../domain/shared/format.ts";
import { paths } from "../../../paths.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useOrg } from "../../providers/viewer.tsx";
import { CopyCommand } from "../../ui/id.tsx";
import { useNow } from "../../ui/now.ts";
import { StatusBadge, ToneBadge } from "../../ui/status-badge.tsx";
import { Pairs } from "../pairs.tsx";
import classes from "../clusters.module.css";

const LOOK_EVERY_MS = 2000;

interface Props {
  made: EnrolmentCommand;
  /** Id of the agent that was there before the code was asked for: another one is the one waited for. */
  before: string | null;
  /** In a dialog on the cluster's own page: closes it. Without it the last step links there. */
  onDone?: () => void;
  note?: string | undefined;
  onRenew: () => void;
  renewing: boolean;
}

/** The command, how long it works, and the agent as soon as it has used it. */
export function EnrolSteps({ made, before, note, onRenew, renewing, onDone }: Props) {
  const trpc = useTRPC();
  const known = useRef(before).current; // the page behind refetches; what was there when we asked does not change
  const cluster = useQuery({ ...trpc.clusters.get.queryOptions({ id: made.clusterId }), refetchInterval: LOOK_EVERY_MS }).data;
  const arrived = cluster?.agent && cluster.agent.id !== known && !cluster.agent.revokedAt;
  return (
    <div className={classes.steps}>
      {!arrived && (
        <div className={classes.step}>
          <h2>Run this on the cluster’s machine</h2>
          <p className={classes.say}>Runs get the rights of the user who starts it. It needs Linux, curl and Node.js 20 or newer; it dials out and opens no port. To keep it running after a restart of the machine, start it from systemd or another service manager. On a Slurm cluster use a login node, with <span className="mono nowrap">--driver slurm</span> at the end of the command.{note && ` ${note}`}</p>
          <CopyCommand command={made.command} label="Copy command" />
          <Validity until={made.expiresAt} onRenew={onRenew} renewing={renewing} />
        </div>
      )}
      <div className={classes.step} aria-live="polite">
        {arrived ? <Arrived cluster={cluster} onDone={onDone} /> : <><h2>Waiting for the agent</h2><div className={classes.waiting}><Loader size="xs" /><span className="dim">It appears here by itself, a second or two after the command has run.</span></div></>}
      </div>
    </div>
  );
}

function Validity({ until, onRenew, renewing }: { until: Date; onRenew: () => void; renewing: boolean }) {
  const left = Math.max(0, Math.floor((until.getTime() - useNow()) / 1000));
  if (left === 0) return <div className={classes.validity}><StatusBadge status="expired" word="The code has expired" /> <Button variant="default" loading={renewing} onClick={onRenew}>New code</Button></div>;
  return <div className={classes.validity} suppressHydrationWarning><span>Works once, for another {Math.floor(left / 60)}:{String(left % 60).padStart(2, "0")} min. It is shown this once; Drover keeps only its hash.</span></div>;
}

function Arrived({ cluster, onDone }: { cluster: ClusterDetail; onDone: (() => void) | undefined }) {
  const org = useOrg();
  const agent = cluster.agent!;
  const joined = cluster.reachability.state === "reachable";
  const [node] = cluster.nodeList;
  return (
    <>
      <h2>{joined && node ? <ToneBadge tone="good" icon="check">Connected</ToneBadge> : <ToneBadge tone="active" icon="half">Enrolled, starting</ToneBadge>}</h2>
      <Pairs
        label="Agent"
        items={[
          ["Host", agent.host["hostname"] ?? "—"],
          ["System", [agent.host["os"], agent.host["arch"]].filter(Boolean).join(", ") || "—"],
          ["Agent", agent.version ?? "—"],
          ["Nodes", cluster.nodes.total === 0 ? "not reported yet" : `${plural(cluster.nodes.total, "node")}: ${formatNumber(cluster.cpus.total)} cores, ${formatMib(cluster.memoryMib.total)}, ${plural(cluster.accelerators.total, "accelerator")}`],
          ["Fingerprint", <span key="f" className={`mono ${classes.fingerprint}`}>{agent.fingerprint}</span>],
        ]}
      />
      <p className={classes.say}>The agent printed the same fingerprint on its machine when it enrolled. If it differs, revoke it.</p>
      <div>{onDone ? <Button onClick={onDone}>Done</Button> : <Button component={Link} href={paths.cluster(org, cluster.id)}>Open {cluster.name}</Button>}</div>
    </>
  );
}
