import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
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

let home: string;
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), "drover-supervisor-"));
});
afterEach(() => rm(home, { recursive: true, force: true }));

it("tells what the scheduler calls a running attempt also where its own files showed the start first", async () => {
  const state = stateFolder(home);
  const { attemptId, spec } = order("sleep 1000");
  await mkdir(path.join(state.attempts, attemptId), { recursive: true });
  const record = await AttemptRecord.create(state, { attemptId, fence: "1", spec }, "boot");
  await record.saveIntent({ at: 0, accelerators: [], port: null });
  const word = { job: "7", state: "RUNNING", reason: null, startsAt: null };
  let seen: Observation = { state: "running", startedAt: Date.now(), nodes: ["gpu01"], accelerators: [] };
  const driver = { placesItself: true, onChange: () => {}, observe: () => Promise.resolve(seen) };
  const parts = { driver: driver as unknown as Driver, journal: new Journal(state, "boot"), clock: new ServerClock(() => 0), around: { policy: DEFAULT_POLICY }, nodeName: "login", news: new Bell(), bytes: new Bell() };
  const supervisor = new Supervisor(parts as unknown as SupervisorParts);
  await supervisor.adopt([record]);
  await supervisor.lookAtAll();
  expect(record.report).toMatchObject({ state: "running", nodes: ["gpu01"] });
  expect(record.report.scheduler).toBeUndefined();
  seen = { ...seen, scheduler: word };
  await supervisor.lookAtAll();
  expect(record.report).toMatchObject({ state: "running", nodes: ["gpu01"], scheduler: word });
  const { seq } = record.report;
  await supervisor.lookAtAll();
  expect(record.report.seq).toBe(seq); // nothing is new
});
