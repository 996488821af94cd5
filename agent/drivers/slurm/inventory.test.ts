import { expect, it } from "vitest";
import { NodeReport, SchedulerReport } from "../../protocol/messages.ts";
import { foreignJobs } from "./foreign.ts";
import { nodeState, parseAccounts, parseNodes, parsePartitions, parseQos, parseReservations } from "./inventory.ts";
import { parseQueueLine } from "./queue.ts";

const names = (count: number, what: string) => Array.from({ length: count }, (_, at) => `${what}_of_a_long_name_${at}`).join(",");

it("tells of a large site what the protocol takes, whatever people named: one word too long would silence the whole cluster", () => {
  const long = "x".repeat(400);
  // A waiting job may ask for many partitions at once; 0:00 is a limit that somebody took away.
  const jobs = parseQueueLine(`5|PENDING|${long}|${long}|${long}|${names(40, "partition")}|${long}|1||1||1795000000|N/A|N/A|0:00|10|0|NONE|5|${long}|`);
  const report = {
    kind: "slurm",
    partitions: parsePartitions(`PartitionName=${long} Default=YES State=${long} TotalNodes=1 TotalCPUs=2 MaxTime=UNLIMITED PreemptMode=${long} AllowAccounts=${names(60, "account")}`),
    reservations: parseReservations(`ReservationName=${long} Nodes=n[1-2] NodeCnt=2 StartTime=1795000000 EndTime=1795000600 Flags=MAINT Users=${names(60, "user")}`),
    qos: parseQos(`${long}|10|1:00:00|${long}|${long}|${names(60, "qos")}`),
    accounts: parseAccounts([`${long}||${names(60, "qos")}|${long}`, `${long}|${long}|${names(60, "other")}|`].join("\n")),
    ...foreignJobs(jobs),
  };
  expect(SchedulerReport.parse(report)).toMatchObject({ jobCount: 1, jobs: [{ limitSeconds: null, partition: expect.stringMatching(/^partition_of_a_long_name_0,/) as string }] });
  const [node] = parseNodes(`NodeName=n1 State=IDLE+${long} CPUTot=4 RealMemory=1000 Partitions=${long},short ActiveFeatures=${long},a`);
  expect(NodeReport.parse(node)).toMatchObject({ name: "n1", scheduler: { partitions: ["x".repeat(128), "short"] } });
});

it("a partition gives its default time to a job that names none, and the most it gives where it has no default", () => {
  const times = (words: string) => parsePartitions(`PartitionName=p Default=YES State=UP ${words}`).map(({ maxSeconds, defaultSeconds }) => [maxSeconds, defaultSeconds])[0];
  expect(times("DefaultTime=01:00:00 MaxTime=2-00:00:00")).toEqual([172_800, 3600]);
  expect(times("DefaultTime=NONE MaxTime=UNLIMITED")).toEqual([null, null]);
});

it("a job of others has its nodes while they are started for it", () => {
  const line = (id: number, state: string, nodes: string) => parseQueueLine(`${id}|${state}|None|ada|lab|gpu|normal|1|${nodes}|4|cpu=4,mem=1G,gres/gpu=2|1795000000|1795000060|N/A|1:00:00|10|0|NONE|${id}|theirs|`);
  expect(foreignJobs([line(5, "PENDING", ""), line(6, "CONFIGURING", "n1")].flat()).jobs).toMatchObject([{ id: "6", state: "running", nodes: ["n1"], gpus: 2 }, { id: "5", state: "waiting", nodes: [] }]);
});

it.each([
  ["IDLE", "up"], ["MIXED+PLANNED", "up"], ["ALLOCATED+COMPLETING", "up"],
  ["IDLE+CLOUD+POWERED_DOWN", "up"], ["IDLE*+CLOUD+POWERED_DOWN", "up"], ["IDLE+NOT_RESPONDING+POWERING_DOWN", "up"], ["ALLOCATED+CLOUD+NOT_RESPONDING+POWERING_UP", "up"], // of an elastic cluster: Slurm starts it for a job
  ["DOWN+CLOUD+POWERED_DOWN", "down"], ["DOWN*+CLOUD", "down"], ["IDLE*", "down"], ["MIXED+NOT_RESPONDING", "down"], ["UNKNOWN", "down"],
  ["IDLE+CLOUD+DRAIN+POWERED_DOWN", "draining"], ["MIXED+DRAIN", "draining"], ["IDLE+RESERVED", "up"], ["IDLE+MAINTENANCE+RESERVED", "up"], ["IDLE+DRAIN+MAINTENANCE+RESERVED", "draining"], ["DOWN+MAINTENANCE+RESERVED", "down"],
])("a node that Slurm calls %s is %s", (text, state) => {
  expect(nodeState(text)).toBe(state);
});

it("a node is kept for those who name its reservation, whatever that is for, and says where it is for maintenance", () => {
  const told = (state: string) => parseNodes(`NodeName=n1 State=${state} CPUTot=4 RealMemory=1000 Reason=fans [root@2026-12-01T03:00:00]`).map(({ stateReason, scheduler }) => [scheduler?.reserved ?? false, stateReason])[0];
  expect(told("IDLE")).toEqual([false, null]);
  expect(told("IDLE+RESERVED")).toEqual([true, null]);
  expect(told("MIXED+MAINTENANCE+RESERVED")).toEqual([true, "Reserved for maintenance"]);
  expect(told("IDLE+DRAIN+MAINTENANCE+RESERVED")).toEqual([true, "IDLE+DRAIN+MAINTENANCE+RESERVED: fans"]);
});
