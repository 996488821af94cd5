import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Bell } from "../backoff.ts";
import { ServerClock } from "../clock.ts";
import type { Driver, Observation } from "../drivers/driver.ts";
import { DEFAULT_POLICY } from "../policy.ts";
import { stateFolder } from "../state.ts";
import { order } from "../testing/agent-process.ts";
import { Journal } from "./journal.ts";
import type { SupervisorParts } from "./live.ts";
import { AttemptRecord } from "./record.ts";
import { Supervisor } from "./supervisor.ts";

const HOUR = 3_600_000;
const LIMIT_SECONDS = 600;
let home: string;
let record: AttemptRecord;
let stopped: string[];
let stuck: string;
let monotonic: number;

beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), "drover-limits-"));
  stopped = [];
  monotonic = 1_000_000;
  vi.spyOn(performance, "now").mockImplementation(() => monotonic);
  stuck = "";
  record = await made();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(home, { recursive: true, force: true });
});

async function made(): Promise<AttemptRecord> {
  const state = stateFolder(home);
  const { attemptId, spec } = order("sleep 1000", { maxDurationSeconds: LIMIT_SECONDS });
  await mkdir(path.join(state.attempts, attemptId), { recursive: true });
  const one = await AttemptRecord.create(state, { attemptId, fence: "1", spec }, "boot");
  await one.saveIntent({ at: 0, accelerators: [], port: null });
  return one;
}

/** An agent that finds the attempt running, since this moment of its host's clock. */
async function agent(clock: ServerClock, startedAt: number, ...records: AttemptRecord[]): Promise<Supervisor> {
  const running: Observation = { state: "running", startedAt };
  const driver = { placesItself: false, onChange: () => {}, observe: () => Promise.resolve(running), inventory: () => Promise.resolve([]), stop: (id: string) => (id === stuck ? Promise.reject(new Error("It cannot be stopped.")) : Promise.resolve(void stopped.push(id))) };
  const parts = { driver: driver as unknown as Driver, journal: new Journal(stateFolder(home), "boot"), clock, around: { policy: DEFAULT_POLICY }, nodeName: "n1", news: new Bell(), bytes: new Bell() };
  const supervisor = new Supervisor(parts as unknown as SupervisorParts);
  await supervisor.adopt(records.length > 0 ? records : [record]);
  return supervisor;
}

describe("an attempt's limit of time", () => {
  it("is kept to although another attempt cannot be stopped", async () => {
    const first = record;
    const second = await made();
    const supervisor = await agent(new ServerClock(() => monotonic), Date.now(), first, second);
    stuck = first.id;
    monotonic += (LIMIT_SECONDS + 1) * 1000;
    await supervisor.enforce();
    expect(stopped).toEqual([second.id]);
  });

  it("is not over because the server's clock is set on, or another server's is ahead", async () => {
    const clock = new ServerClock(() => monotonic);
    clock.learn(Date.now());
    const supervisor = await agent(clock, Date.now());
    clock.learn(Date.now() + HOUR);
    await supervisor.enforce();
    expect(stopped).toEqual([]);
    monotonic += (LIMIT_SECONDS + 1) * 1000;
    await supervisor.enforce();
    expect(stopped).toEqual([record.id]);
  });

  it("is not over for a new agent that has not heard the server's clock yet, on a host whose own is an hour ahead", async () => {
    const hostNow = Date.now();
    await record.saveReport({ state: "running", startedAt: hostNow - HOUR - 60_000 }); // a minute ago, by the server's clock
    const supervisor = await agent(new ServerClock(() => monotonic), hostNow - 60_000);
    await supervisor.enforce();
    expect(stopped).toEqual([]);
    monotonic += (LIMIT_SECONDS - 60) * 1000 + 1000;
    await supervisor.enforce();
    expect(stopped).toEqual([record.id]);
  });
});
