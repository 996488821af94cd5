import { expect, it, vi } from "vitest";
import type { AttemptRecord } from "../attempts/record.ts";
import type { Supervisor } from "../attempts/supervisor.ts";
import { Bell } from "../backoff.ts";
import type { ServerClient } from "../identity/client.ts";
import type { Usage, UsageOffsets } from "../protocol/messages.ts";
import type { z } from "zod";
import { UsageLoop } from "./usage.ts";

type Running = Pick<AttemptRecord, "id" | "fence" | "usage" | "usageNext" | "ended" | "orphan">;

it("says of every attempt that runs that it does, however many they are", async () => {
  const running = Array.from({ length: 1_201 }, (_, at): Running => ({ id: `att_${at}`, fence: "1", usage: [{ kind: "open", at: 1, holds: [] }], usageNext: 1, ended: false, orphan: false }));
  const alive = new Set<string>();
  let largest = 0;
  const json = (_path: string, { attempts }: z.infer<typeof Usage>): Promise<z.infer<typeof UsageOffsets>> => {
    largest = Math.max(largest, attempts.length);
    for (const one of attempts) if (one.aliveAt !== null) alive.add(one.attemptId);
    return Promise.resolve({ serverTime: 1, offsets: attempts.map(({ attemptId }) => ({ attemptId, next: 1 })), unknown: [] });
  };
  const client = { json, clock: { now: () => 2, ahead: () => 0 } } as unknown as ServerClient;
  const supervisor = { records: () => running, find: (id: string) => running.find((one) => one.id === id) } as unknown as Supervisor;
  vi.spyOn(performance, "now").mockReturnValue(60_000); // it has run for a minute
  const loop = new UsageLoop({ client, supervisor, bytes: new Bell(), news: new Bell() });
  await loop.turn(new AbortController().signal);
  expect(alive.size).toBe(running.length);
  expect(largest).toBeLessThanOrEqual(500);
});
