import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import type { ServerClient } from "../identity/client.ts";
import { Refused, Unreachable } from "../identity/refusals.ts";
import type { Telemetry } from "../protocol/messages.ts";
import type { Supervisor } from "../attempts/supervisor.ts";
import type { Driver } from "../drivers/driver.ts";
import { TelemetryLoop } from "./telemetry.ts";

/** A loop of a machine without jobs, and what reaches the server; each answer is as the test says. */
function loopWith(answers: (Error | null)[], usage: Driver["usage"] = async () => new Map()) {
  const arrived: Telemetry[] = [];
  let time = 1_800_000_000_000;
  const client = {
    clock: { learnt: true, now: () => (time += 5_000), ahead: () => 0 },
    json: async (_path: string, message: Telemetry) => {
      arrived.push(structuredClone(message));
      const answer = answers.shift() ?? null;
      if (answer) throw answer;
      return { ok: true, serverTime: time };
    },
  } as unknown as ServerClient;
  const supervisor = { running: () => [] } as unknown as Supervisor;
  const driver = { usage } as unknown as Driver;
  return { loop: new TelemetryLoop({ client, supervisor, driver, nodeName: "here", stateHome: tmpdir() }), arrived };
}
const signal = new AbortController().signal;
const timesOf = ({ samples }: Telemetry) => samples.find(({ key }) => key === "memory")!.times;

test("a batch whose answer was lost goes again as it was, and what gathered meanwhile goes after it", async () => {
  const { loop, arrived } = loopWith([new Unreachable("the answer was lost")]);
  loop.note("agent", "once");
  await loop.sample();
  await expect(loop.send(signal)).rejects.toThrow("lost");
  loop.note("agent", "twice");
  await loop.sample();
  await loop.send(signal);
  expect(arrived.map(({ batch }) => batch)).toEqual([1, 1, 2]);
  expect(arrived[1]).toEqual(arrived[0]);
  expect(arrived[2]!.events.map(({ message }) => message)).toEqual(["twice"]);
  expect(new Set([...timesOf(arrived[0]!), ...timesOf(arrived[2]!)]).size).toBe(2);
});

test("a batch that is refused for what it is does not block those after it", async () => {
  const { loop, arrived } = loopWith([new Refused({ error: "bad_request", message: "no", serverTime: 1 }, 400)]);
  await loop.sample();
  await expect(loop.send(signal)).rejects.toThrow("bad_request");
  await loop.sample();
  await loop.send(signal);
  expect(arrived.map(({ batch }) => batch)).toEqual([1, 2]);
});

test("what attempts use is asked for once at a time, and what else is measured does not wait for the answer", async () => {
  const told: (() => void)[] = [];
  const { loop, arrived } = loopWith([], () => new Promise((resolve) => told.push(() => resolve(new Map([["att_1", { cpuSeconds: 1, memoryMib: 7 }]])))));
  await loop.sample();
  await loop.sample();
  await loop.send(signal);
  expect([told.length, timesOf(arrived[0]!).length]).toEqual([1, 2]);
  told[0]!();
  await new Promise((resolve) => setImmediate(resolve));
  await loop.send(signal);
  expect(arrived[1]!.samples.map(({ subject, id, values }) => [subject, id, values])).toEqual([["attempt", "att_1", [7]]]);
});

test("ten minutes of samples wait for a server that is away", async () => {
  const { loop, arrived } = loopWith([]);
  for (let round = 0; round < 125; round += 1) await loop.sample();
  await loop.send(signal);
  expect(timesOf(arrived[0]!)).toHaveLength(120);
});
