import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { AttemptRecord } from "../attempts/record.ts";
import { Bell, Outage } from "../backoff.ts";
import { until } from "../drivers/contract.ts";
import { Refused } from "../identity/refusals.ts";
import { AGENT_PATHS, LIMITS } from "../protocol/messages.ts";
import { ArtifactsLoop, findArtifacts } from "./artifacts.ts";
import { CheckpointsLoop } from "./checkpoints.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drover-artifacts-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** An attempt that ended in a folder of its own, with one file. */
function ended(id: string): AttemptRecord {
  const work = join(folder, id);
  mkdirSync(work);
  writeFileSync(join(work, "out.txt"), id);
  const record = { id, ended: true, orphan: false, artifactsDone: false, checkpointDone: false, fence: "1", intent: {}, report: { startedAt: 1, drained: false }, folder: { work }, spec: { runId: id, code: null, artifacts: ["out.txt"], checkpointSync: { everySeconds: 1, from: null } } };
  return Object.assign(record, { saveArtifactsDone: async () => void (record.artifactsDone = true), saveCheckpointDone: async () => void (record.checkpointDone = true) }) as unknown as AttemptRecord;
}

/** Takes every file, and every word but those of the attempt `odd`. */
const client = (code: "too_large" | "not_found") => ({
  outage: new Outage(),
  send: async () => Response.json({}),
  json: async (path: string, { attemptId }: { attemptId: string }) => {
    if (attemptId === "odd" && (path === AGENT_PATHS.artifacts || path === AGENT_PATHS.checkpoint)) throw new Refused({ error: code, message: "No.", serverTime: 1 }, 413);
    return { ok: true };
  },
});

it("what the server refuses of one attempt holds up no other's files and no other's checkpoint", async () => {
  const records = [ended("odd"), ended("other")];
  const supervisor = { records: () => records };
  const over = new AbortController();
  const parts = { client: client("not_found"), supervisor, bytes: new Bell(), news: new Bell(), state: { checkpoint: (runId: string) => join(folder, runId) } };
  const loops = [new ArtifactsLoop(parts as never).run(over.signal), new CheckpointsLoop(parts as never).run(over.signal)];
  await until("the other's to be there", async () => records[1]!.artifactsDone && records[1]!.checkpointDone).finally(() => over.abort());
  await Promise.all(loops);
  expect([records[0]!.artifactsDone, records[0]!.checkpointDone]).toEqual([false, false]);
});

it("a checkpoint that is larger to tell of than any message may be is not kept, and nobody waits for it", async () => {
  const odd = ended("odd");
  const over = new AbortController();
  const parts = { client: client("too_large"), supervisor: { records: () => [odd] }, state: { checkpoint: (runId: string) => join(folder, runId) } };
  const loop = new CheckpointsLoop(parts as never).run(over.signal);
  await until("it to be given up", async () => odd.checkpointDone).finally(() => over.abort());
  await loop;
});

it("names no more files than one message can hold", async () => {
  const deep = Array.from({ length: 3 }, (_, at) => String(at).repeat(250)).join("/");
  mkdirSync(join(folder, deep), { recursive: true });
  for (let at = 0; at < 9_000; at++) writeFileSync(join(folder, deep, `${String(at).padStart(5, "0")}-${"n".repeat(200)}`), "");
  const { found, left } = await findArtifacts(folder, ["**"]);
  const message = { attemptId: "a".repeat(64), fence: "1".repeat(19), files: found.map(({ path }) => ({ path, sha256: "f".repeat(64), bytes: LIMITS.artifactBytes })) };
  expect(Buffer.byteLength(JSON.stringify(message))).toBeLessThan(LIMITS.jsonBody);
  expect([found.length > 7_000, found.length + left.length]).toEqual([true, 9_000]);
});
