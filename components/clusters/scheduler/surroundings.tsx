"use client";
import type { SchedulerView } from "../../../domain/agents/scheduler.ts";
import { formatCount, formatSeconds } from "../../../domain/shared/format.ts";
import { type Column, DataTable } from "../../table/data-table.tsx";
import { Ago } from "../../ui/time.tsx";

type Partition = SchedulerView["partitions"][number];
type Reservation = SchedulerView["reservations"][number];
type Quality = SchedulerView["qos"][number];

const dash = <span className="dim">—</span>;
const limit = (seconds: number | null) => (seconds === null ? <span className="dim">none</span> : formatSeconds(seconds));
const moment = (at: number | null) => (at === null ? dash : <Ago at={new Date(at)} />);

const PARTITIONS: Column<Partition>[] = [
  { key: "name", title: "Partition", grow: true, render: (one) => <><span className="mono">{one.name}</span>{one.isDefault && <span className="dim"> · default</span>}</> },
  { key: "state", title: "State", render: (one) => one.state },
  { key: "nodes", title: "Nodes", align: "right", render: (one) => formatCount(one.nodes) },
  { key: "cpus", title: "Cores", align: "right", hideBelow: "sm", render: (one) => formatCount(one.cpus) },
  { key: "gpus", title: "GPUs", align: "right", render: (one) => (one.gpus ? formatCount(one.gpus) : dash) },
  { key: "max", title: "Time limit", align: "right", render: (one) => <>{limit(one.maxSeconds)}{one.defaultSeconds != null && <span className="dim"> · {formatSeconds(one.defaultSeconds)} unless asked for</span>}</> },
  { key: "preemption", title: "Preemption", hideBelow: "md", render: (one) => one.preemption ?? dash },
  { key: "allowed", title: "Who may use it", hideBelow: "lg", render: (one) => one.allowed || <span className="dim">everybody</span> },
];
const RESERVATIONS: Column<Reservation>[] = [
  { key: "name", title: "Reservation", grow: true, render: (one) => <span className="mono">{one.name}</span> },
  { key: "nodes", title: "Nodes", render: (one) => <span title={one.nodes}>{formatCount(one.nodeCount)}</span> },
  { key: "starts", title: "Starts", render: (one) => moment(one.startsAt) },
  { key: "ends", title: "Ends", render: (one) => moment(one.endsAt) },
  { key: "flags", title: "Flags", hideBelow: "md", render: (one) => one.flags || dash },
  { key: "users", title: "For", hideBelow: "md", render: (one) => one.users || dash },
];
const QOS: Column<Quality>[] = [
  { key: "name", title: "QOS", grow: true, render: (one) => <span className="mono">{one.name}</span> },
  { key: "priority", title: "Priority", align: "right", render: (one) => formatCount(one.priority) },
  { key: "max", title: "Time limit", align: "right", render: (one) => limit(one.maxSeconds) },
  { key: "limits", title: "Limits", hideBelow: "md", render: (one) => one.limits || dash },
  { key: "preempts", title: "Pushes aside", hideBelow: "sm", render: (one) => one.preempts || dash },
];

export const Partitions = ({ rows }: { rows: Partition[] }) => <DataTable flat keys={false} label="Partitions" rows={rows} rowKey={(one) => one.name} columns={PARTITIONS} empty={null} />;
export const Reservations = ({ rows }: { rows: Reservation[] }) => <DataTable flat keys={false} label="Reservations" rows={rows} rowKey={(one) => one.name} columns={RESERVATIONS} empty={null} />;
export const Qos = ({ rows }: { rows: Quality[] }) => <DataTable flat keys={false} label="Quality of service" rows={rows} rowKey={(one) => one.name} columns={QOS} empty={null} />;
