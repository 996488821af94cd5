import { expect, it } from "vitest";
import { NotNow } from "../drivers/driver.ts";
import type { AttemptRecord } from "../attempts/record.ts";
import { Bell } from "../backoff.ts";
import { DEFAULT_POLICY } from "../policy.ts";
import { type AttemptReport, LATER_CAUSES, LIMITS, type Sync, type SyncReply } from "../protocol/messages.ts";
import { SyncLoop, type SyncParts } from "./sync.ts";

const lastLines = Array.from({ length: 50 }, () => "\u001b[31m".repeat(400).slice(0, 2000));
const exit = (): AttemptReport["exit"] => ({ at: 1, code: 1, signal: null, cause: "exited", detail: "d".repeat(4000), lastLines, peakMemoryMib: null });

it("tells of the ends that an outage left in messages that a server takes, all of them", async () => {
  const records = Array.from({ length: 100 }, (_, at) => ({ id: `att_${at}`, orphan: false, acked: 0, report: { attemptId: `att_${at}`, fence: "1", seq: 3, state: "exited", nodes: ["n1"], accelerators: [], startedAt: 1, exit: exit(), drained: false } }) as unknown as AttemptRecord);
  const sizes: number[] = [];
  const json = (_path: string, message: Sync): Promise<SyncReply> => {
    sizes.push(Buffer.byteLength(JSON.stringify(message)));
    return Promise.resolve({ serverTime: 1, desiredHash: "", desired: null, drainedNodes: null, acked: message.reports.map(({ attemptId, seq }) => ({ attemptId, seq })), stale: [], leaseSeconds: 90, takes: Object.keys(LATER_CAUSES) });
  };
  const supervisor = { records: () => records, ghosts: new Map(), holders: () => new Map(), find: (id: string) => records.find((one) => one.id === id) };
  const loop = new SyncLoop({ client: { json, leaseSeconds: 90 }, supervisor, driver: { inventory: () => Promise.resolve([]) }, policy: DEFAULT_POLICY, news: new Bell(), contactFile: "/dev/null", drained: () => {}, tunnels: () => {} } as unknown as SyncParts);
  for (let turns = 0; turns < 100 && records.some(({ acked }) => acked === 0); turns += 1) await loop.turn(new AbortController().signal);
  expect(records.filter(({ acked }) => acked === 0)).toEqual([]);
  expect(Math.max(...sizes)).toBeLessThan(LIMITS.jsonBody);
  expect(sizes.length).toBeLessThan(20);
});

it("says nothing of nodes that its scheduler cannot tell of yet, and goes on speaking", async () => {
  const sent: Sync[] = [];
  const json = (_path: string, message: Sync): Promise<SyncReply> => {
    sent.push(message);
    return Promise.resolve({ serverTime: 1, desiredHash: "", desired: null, drainedNodes: null, acked: [], stale: [], leaseSeconds: 90, takes: [] });
  };
  const supervisor = { records: () => [], ghosts: new Map(), holders: () => new Map() };
  const loop = new SyncLoop({ client: { json, leaseSeconds: 90 }, supervisor, driver: { inventory: () => Promise.reject(new NotNow("Slurm is away.")) }, policy: DEFAULT_POLICY, news: new Bell(), contactFile: "/dev/null", drained: () => {}, tunnels: () => {} } as unknown as SyncParts);
  await loop.turn(new AbortController().signal);
  expect(sent).toMatchObject([{ nodes: null }]);
});

it.each([10, 30, 90])("takes an answer for lost early enough for another exchange within a lease of %i s, with news and without", async (leaseSeconds) => {
  const record = { id: "att_1", orphan: false, acked: 0, report: { attemptId: "att_1", fence: "1", seq: 1, state: "running", nodes: ["n1"], accelerators: [], startedAt: 1, exit: null, drained: false } } as unknown as AttemptRecord;
  const patience: { waits: boolean; ms: number }[] = [];
  const json = (_path: string, message: Sync, _schema: unknown, _signal: AbortSignal, ms = 60_000): Promise<SyncReply> => {
    patience.push({ waits: message.waitSeconds > 0, ms });
    return Promise.resolve({ serverTime: 1, desiredHash: "", desired: null, drainedNodes: null, acked: message.reports.map(({ attemptId, seq }) => ({ attemptId, seq })), stale: [], leaseSeconds, takes: [], longestWait: LIMITS.longPollSeconds });
  };
  const supervisor = { records: () => [record], ghosts: new Map(), holders: () => new Map(), find: () => record };
  const loop = new SyncLoop({ client: { json, leaseSeconds }, supervisor, driver: { inventory: () => Promise.reject(new NotNow("Slurm is away.")) }, policy: DEFAULT_POLICY, news: new Bell(), contactFile: "/dev/null", drained: () => {}, tunnels: () => {} } as unknown as SyncParts);
  for (let turn = 0; turn < 2; turn += 1) await loop.turn(new AbortController().signal);
  expect(patience.map(({ waits }) => waits)).toEqual([false, true]);
  for (const { ms } of patience) expect(ms).toBeLessThanOrEqual((leaseSeconds * 1000 * 2) / 3);
  expect(patience.filter(({ ms }) => !Number.isInteger(ms))).toEqual([]); // a timer takes no other
});
