import type { NodeReport, SchedulerReport } from "../../protocol/messages.ts";
import type { SlurmClient } from "./client.ts";
import { expandHosts } from "./foreign.ts";
import { limitSeconds, parseTres } from "./queue.ts";
import { parseRecord } from "./records.ts";
import type { Topology } from "./topology.ts";

const records = (text: string) => text.split("\n").filter((line) => line.includes("=")).map(parseRecord);
const real = (text: string | undefined): string | null => (text === undefined || /^(|N\/A|\(null\)|none|NONE)$/.test(text) ? null : text);

/** `gpu:h100:4(S:0-1),gpu:a100:2` → type and count of each. Type "" where none is named. */
export function parseGres(text: string): { type: string; count: number }[] {
  return [...text.replaceAll(/\([^)]*\)/g, "").matchAll(/(?:^|,)gpu(?::([A-Za-z][^:,]*))?:(\d+)/g)].map((match) => ({ type: match[1] ?? "", count: Number(match[2]) }));
}

/** `shard:h100:8(S:0-1)` → so many of each type, "" for GPUs of all. */
const parseShards = (text: string): { type: string; count: number }[] =>
  [...text.replaceAll(/\([^)]*\)/g, "").matchAll(/(?:^|,)shard(?::([A-Za-z][^:,]*))?:(\d+)/g)].map((match) => ({ type: match[1] ?? "", count: Number(match[2]) }));

/** Types of a node's GPUs, by their numbers, and in how many shares Slurm gives each, if in several: it spreads its shards over them evenly. */
function gpusOfNode(gres: string): { type: string; shares: number | null }[] {
  const types = parseGres(gres).flatMap(({ type, count }) => Array.from({ length: Math.min(count, 1024) }, () => type));
  const shards = parseShards(gres);
  const sharesOf = (type: string, at: number): number => {
    const mine = shards.filter((one) => one.type === "" || one.type === type);
    return mine.reduce((sum, { type: of, count }) => {
      const among = types.flatMap((one, index) => (of === "" || one === of ? [index] : []));
      return sum + Math.floor(count / among.length) + (among.indexOf(at) < count % among.length ? 1 : 0);
    }, 0);
  };
  return types.map((type, at) => {
    const shares = sharesOf(type, at);
    return { type, shares: shares >= 2 && shares <= 1000 ? shares : null };
  });
}

/**
 * What Slurm calls a node's state, as Drover's three. The first word is the state, the rest are flags. A node that Slurm has
 * powered down to save money is up: it takes jobs, and is started for them. Until then, and while it starts or stops, it does not answer.
 * One that is reserved is up too, also for maintenance: it takes the jobs that name the reservation.
 */
export function nodeState(text: string): NodeReport["state"] {
  const flags = text.toUpperCase().split("+").map((word) => word.replace(/[^A-Z_]/g, ""));
  const has = (...names: string[]) => names.some((name) => flags.includes(name));
  const isSilent = (text.includes("*") || has("NOT_RESPONDING")) && !has("POWERED_DOWN", "POWERING_DOWN", "POWERING_UP");
  if (isSilent || has("DOWN", "FAIL", "FAILING", "UNKNOWN", "ERROR", "INVAL", "INVALID_REG", "FUTURE")) return "down";
  return has("DRAIN", "DRAINED", "DRAINING", "REBOOT", "REBOOT_REQUESTED", "REBOOT_ISSUED", "PLANNED_MAINT") ? "draining" : "up";
}

const isMaintained = (state: string) => /(^|\+)MAINT(ENANCE)?\b/.test(state);
const isReserved = (state: string) => /(^|\+)RESERVED\b/.test(state) || isMaintained(state);

/** Why a node does not take what it else would; null where nothing is in its way. */
function reasonOf(record: Map<string, string>, state: string): string | null {
  if (nodeState(state) === "up") return isMaintained(state) ? "Reserved for maintenance" : null;
  const why = real(record.get("Reason"));
  return `${state}${why ? `: ${why.replace(/\s*\[[^\]]*@[^\]]*\]$/, "")}` : ""}`.slice(0, 500);
}

/** Names of people's own choice, as long as the protocol takes them. */
const name = (text: string): string => text.slice(0, 128);
const list = (text: string | undefined): string[] => (real(text) ?? "").split(",").filter(Boolean).map(name).slice(0, 100);

function reportOf(record: Map<string, string>, topology: ReadonlyMap<string, string[]>): NodeReport {
  const node = record.get("NodeName") ?? "?";
  const state = record.get("State") ?? "UNKNOWN";
  const path = topology.get(node);
  const accelerators = gpusOfNode(record.get("Gres") ?? "").map(({ type, shares }, index) => ({
    index, uuid: name(`${node}/${index}`), model: name((type || "GPU").toUpperCase()), memoryMib: 0, health: "ok" as const, healthReason: null, attemptId: null, ...(shares === null ? {} : { shares }),
  }));
  return {
    name: node.slice(0, 255),
    cpus: Math.max(1, Number(record.get("CPUEfctv") ?? record.get("CPUTot")) || 1),
    memoryMib: Math.max(1, Number(record.get("RealMemory")) || 1),
    diskMib: Number(record.get("TmpDisk")) || 0,
    state: nodeState(state),
    stateReason: reasonOf(record, state),
    accelerators: accelerators.slice(0, 1024),
    scheduler: { state: state.slice(0, 200), partitions: list(record.get("Partitions")), features: list(record.get("ActiveFeatures")), ...(isReserved(state) ? { reserved: true } : {}), ...(path ? { topology: path } : {}) },
  };
}

export const parseNodes = (text: string, topology: ReadonlyMap<string, string[]> = new Map()): NodeReport[] => records(text).filter((record) => record.has("NodeName")).map((record) => reportOf(record, topology));

export function parsePartitions(text: string): SchedulerReport["partitions"] {
  return records(text).filter((record) => record.has("PartitionName")).map((record) => {
    const tres = parseTres(record.get("TRES") ?? "");
    return {
      name: name(record.get("PartitionName") ?? "?"),
      isDefault: record.get("Default") === "YES",
      state: (record.get("State") ?? "UNKNOWN").slice(0, 64),
      nodes: Number(record.get("TotalNodes")) || 0,
      cpus: Number(record.get("TotalCPUs")) || 0,
      gpus: Number(tres.get("gres/gpu") ?? 0),
      maxSeconds: limitSeconds(record.get("MaxTime") ?? ""),
      defaultSeconds: limitSeconds(record.get("DefaultTime") ?? ""),
      preemption: real(record.get("PreemptMode")?.replace(/^OFF$/, "").slice(0, 128)),
      allowed: ["AllowAccounts", "AllowQos", "AllowGroups"].flatMap((key) => { const value = record.get(key); return value && value !== "ALL" ? [`${key.slice(5).toLowerCase()}: ${value}`] : []; }).join("; ").slice(0, 500),
    };
  });
}

const time = (text: string | undefined): number | null => (text && /^\d{6,}$/.test(text) ? Number(text) * 1000 : null);

export function parseReservations(text: string): SchedulerReport["reservations"] {
  return records(text).filter((record) => record.has("ReservationName")).map((record) => ({
    name: name(record.get("ReservationName") ?? "?"),
    nodes: (real(record.get("Nodes")) ?? "").slice(0, 2000),
    nodeNames: expandHosts(real(record.get("Nodes")) ?? "").slice(0, 10_000),
    nodeCount: Number(record.get("NodeCnt")) || 0,
    startsAt: time(record.get("StartTime")),
    endsAt: time(record.get("EndTime")),
    flags: (real(record.get("Flags")) ?? "").slice(0, 500),
    users: [real(record.get("Users")), real(record.get("Accounts"))].filter(Boolean).join(", ").slice(0, 500),
  }));
}

/** `name|priority|maxwall|grptres|maxtrespu|preempt` lines. */
export function parseQos(text: string): SchedulerReport["qos"] {
  return text.split("\n").filter(Boolean).map((line) => {
    const [qos = "", priority, maxWall, group, perUser, preempts] = line.split("|");
    return { name: name(qos), priority: Number(priority) || 0, maxSeconds: limitSeconds(maxWall ?? ""), limits: [group && `all together ${group}`, perUser && `each user ${perUser}`].filter(Boolean).join("; ").slice(0, 500), preempts: (preempts ?? "").slice(0, 500) };
  });
}

/** `account|user|qos|grptres` lines → one entry per account. */
export function parseAccounts(text: string): SchedulerReport["accounts"] {
  const found = new Map<string, SchedulerReport["accounts"][number]>();
  for (const line of text.split("\n").filter(Boolean)) {
    const [of = "", user, qos, group] = line.split("|");
    const account = found.get(of) ?? { name: name(of), users: [], qos: "", limits: "" };
    found.set(of, account);
    if (user) account.users.push(name(user));
    else Object.assign(account, { qos: (qos ?? "").slice(0, 500), limits: (group ?? "").slice(0, 500) });
    if (user && !account.qos.includes(qos ?? "")) account.qos = [account.qos, qos].filter(Boolean).join(",").slice(0, 500);
  }
  return [...found.values()].map((account) => ({ ...account, users: account.users.slice(0, 1000) }));
}

export async function readNodes(client: SlurmClient, topology: Topology): Promise<NodeReport[]> {
  const [text, paths] = await Promise.all([client.run("scontrol", ["show", "node", "-o"]), topology.read(client)]);
  return parseNodes(text, paths);
}

/** What the cluster has besides nodes. Without accounting there are no accounts and no QOS. */
export async function readSurroundings(client: SlurmClient): Promise<Omit<SchedulerReport, "jobs" | "jobCount">> {
  const none = () => "";
  const [partitions, reservations, qos, accounts] = await Promise.all([
    client.run("scontrol", ["show", "partition", "-o"]),
    client.run("scontrol", ["show", "reservation", "-o"]),
    client.run("sacctmgr", ["-n", "-P", "show", "qos", "format=name,priority,maxwall,grptres,maxtrespu,preempt"]).catch(none),
    client.run("sacctmgr", ["-n", "-P", "show", "assoc", "format=account,user,qos,grptres"]).catch(none),
  ]);
  return { kind: "slurm", partitions: parsePartitions(partitions).slice(0, 500), reservations: parseReservations(reservations).slice(0, 500), qos: parseQos(qos).slice(0, 500), accounts: parseAccounts(accounts).slice(0, 2000) };
}

