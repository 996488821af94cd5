import { mkdtemp, readdir, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Owed } from "../attempts/owed.ts";
import type { AttemptRecord } from "../attempts/record.ts";
import type { Supervisor } from "../attempts/supervisor.ts";
import type { AccountingAnswer, Driver } from "../drivers/driver.ts";
import type { ServerClient } from "../identity/client.ts";
import type { AccountedPart, Witness } from "../protocol/messages.ts";
import { stateFolder } from "../state.ts";
import { WitnessLoop } from "./witness.ts";

const T0 = Date.UTC(2026, 10, 1);
const part = (endedAt: number | null): AccountedPart => ({ job: "7", state: endedAt === null ? "RUNNING" : "COMPLETED", nodes: "n01", nodeCount: 1, startedAt: T0 - 60_000, endedAt, heldSeconds: 60, suspendedSeconds: 0, cpus: 1, memoryMib: 256, gpus: 0 });

const folders: string[] = [];
/** One attempt that ended at T0, a server that takes everything, and an accounting that answers what it is set to. */
async function world() {
  vi.useFakeTimers({ toFake: ["Date"], now: T0 });
  const folder = await mkdtemp(path.join(os.tmpdir(), "drover-witness-"));
  folders.push(folder);
  const state = stateFolder(folder);
  const at = { answer: { kind: "told", parts: new Map() } as AccountingAnswer, asked: 0, told: [] as Witness[], usageDone: true };
  const accounting = { source: "slurm" as const, jobOf: () => Promise.resolve("7"), read: () => Promise.resolve((at.asked++, at.answer)) };
  const owed = await Owed.open(state);
  await owed.note({ accounting } as unknown as Driver, { id: "att_1", folder: { home: "" } } as AttemptRecord, T0);
  const client = { json: (_path: string, message: Witness) => (at.told.push(message), Promise.resolve({ serverTime: T0, taken: message.attempts.map(({ attemptId }) => attemptId), unknown: [] })) };
  const loop = new WitnessLoop({ client: client as unknown as ServerClient, supervisor: { find: () => ({ usageDone: at.usageDone }) } as unknown as Supervisor, owed, accounting });
  const turnAt = (ms: number) => (vi.setSystemTime(T0 + ms), loop.turn(new AbortController().signal));
  const left = async () => [owed.list().length, (await readdir(state.owed)).length, (await Owed.open(state)).list().length];
  return { at, turnAt, left };
}
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true })));
});

describe("the word of the scheduler's accounting", () => {
  it("waits for the journal, then for the accounting to know the end, and is told once", async () => {
    const { at, turnAt, left } = await world();
    at.usageDone = false;
    await turnAt(2_000);
    expect(at.asked).toBe(0);
    at.usageDone = true;
    at.answer = { kind: "told", parts: new Map([["att_1", [part(null)]]]) };
    await turnAt(4_000);
    await turnAt(5_000); // not asked again at once
    expect([at.asked, at.told]).toEqual([1, []]);
    expect(await left()).toEqual([1, 1, 1]);
    at.answer = { kind: "told", parts: new Map([["att_1", [part(T0)]]]) };
    await turnAt(9_000);
    await turnAt(60_000);
    expect(at.told).toEqual([{ source: "slurm", trouble: null, attempts: [{ attemptId: "att_1", parts: [part(T0)] }] }]);
    expect([at.asked, await left()]).toEqual([2, [0, 0, 0]]);
  });

  it("is that it knows nothing of a job, once it has answered so for an hour", async () => {
    const { at, turnAt } = await world();
    await turnAt(90_000_000);
    expect(at.told).toEqual([]);
    await turnAt(90_000_000 + 3_700_000);
    expect(at.told).toMatchObject([{ trouble: null, attempts: [{ attemptId: "att_1", parts: [] }] }]);
  });

  it("is owed no longer than 30 days after the end where the accounting cannot be asked", async () => {
    const { at, turnAt, left } = await world();
    at.answer = { kind: "later", why: "There is no sacct on this host's PATH" };
    await turnAt(29 * 86_400_000);
    expect(await left()).toEqual([1, 1, 1]);
    await turnAt(31 * 86_400_000);
    expect([at.told, await left()]).toEqual([[{ source: "slurm", trouble: "There is no sacct on this host's PATH", attempts: [] }], [0, 0, 0]]);
  });

  it("is not made up where there is none: the server hears why, once", async () => {
    const { at, turnAt, left } = await world();
    at.answer = { kind: "later", why: "slurmdbd is away" };
    await turnAt(2_000);
    await turnAt(3_700_000);
    expect([at.told, await left()]).toEqual([[{ source: "slurm", trouble: "slurmdbd is away", attempts: [] }], [1, 1, 1]]);
    at.answer = { kind: "none", why: "no slurmdbd" };
    await turnAt(7_400_000);
    expect([at.told.at(-1), await left()]).toEqual([{ source: "slurm", trouble: "no slurmdbd", attempts: [] }, [0, 0, 0]]);
  });
});
