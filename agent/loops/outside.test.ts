import { expect, it } from "vitest";
import type { OutsideAnswer } from "../drivers/driver.ts";
import type { ServerClient } from "../identity/client.ts";
import type { OutsideJob, OutsideJobs } from "../protocol/messages.ts";
import { OutsideLoop, piecesOf } from "./outside.ts";

const job = (id: string, nodes = ["n01"]): OutsideJob => ({ job: id, name: "md", user: "eve", account: "physics", nodes, startedAt: 1_000, endedAt: 2_000, isAlive: false, cpus: 1, memoryMib: 0, gpus: 0, shares: 0 });

it("asks the server from when on to tell, and tells a long answer in pieces, of which the last says how far it goes", async () => {
  const told: OutsideJobs[] = [];
  const asked: number[] = [];
  let answer: OutsideAnswer = { kind: "told", jobs: Array.from({ length: 501 }, (_, at) => job(String(at))) };
  const client = { clock: { now: () => 100_000 }, json: (_path: string, message: OutsideJobs) => (told.push(message), Promise.resolve({ serverTime: 100_000, from: message.to ?? 40_000 })) } as unknown as ServerClient;
  const loop = new OutsideLoop({ client, accounting: { source: "slurm", read: (seconds) => (asked.push(seconds), Promise.resolve(answer)) } });
  const { signal } = new AbortController();
  await loop.turn(signal);
  expect(told.map(({ from, to, jobs }) => [from, to, jobs.length])).toEqual([[null, null, 0], [40_000, null, 500], [40_000, 100_000, 1]]);
  answer = { kind: "later", why: "slurmdbd is away" };
  await loop.turn(signal);
  answer = { kind: "told", jobs: [] };
  await loop.turn(signal);
  expect(told.slice(3)).toEqual([{ source: "slurm", from: 100_000, to: 100_000, jobs: [] }]);
  expect(asked).toEqual([61, 1, 1]);
});

it("keeps all stretches of a job in one piece, and a piece within what a message may hold", () => {
  const stretches = [...Array.from({ length: 499 }, (_, at) => job(String(at))), job("x"), job("x")];
  expect(piecesOf(stretches).map((piece) => piece.length)).toEqual([499, 2]);
  const wide = Array.from({ length: 10_000 }, (_, at) => `n${at}`);
  expect(piecesOf(Array.from({ length: 7 }, (_, at) => job(String(at), wide))).map((piece) => piece.length)).toEqual([5, 2]);
  expect(piecesOf([])).toEqual([[]]);
});
