import { appendFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AttemptRecord } from "../attempts/record.ts";
import { LIMITS } from "../protocol/messages.ts";
import { stateFolder } from "../state.ts";
import { order } from "../testing/agent-process.ts";
import { sizeOf } from "./cap.ts";
import { MetricSource } from "./metric-source.ts";

let home: string;
let record: AttemptRecord;

beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), "drover-metrics-"));
  const state = stateFolder(home);
  const { attemptId, spec } = order("true");
  await mkdir(path.join(state.attempts, attemptId), { recursive: true });
  record = await AttemptRecord.create(state, { attemptId, fence: "1", spec }, "boot");
});
afterEach(() => rm(home, { recursive: true, force: true }));

describe("points that gathered while the server was away", () => {
  it.each([false, true])("go up in batches that it takes, each once (their bytes dropped for the spool's cap: %s)", async (isDropped) => {
    const lines = 2 * LIMITS.metricPoints;
    await appendFile(record.folder.stdout, Array.from({ length: lines }, (_, at) => `drover: {"loss": ${at}, "lr": 0.1, "tokens": ${at}}\n`).join(""));
    const size = await sizeOf(record.folder.stdout);
    const source = await MetricSource.open(record);
    if (isDropped) expect(await source.keepThrough(size, 1)).toBe(size);
    const steps: number[] = [];
    for (let batch = await source.next(size, true, 1); batch; batch = await source.next(size, true, 1)) {
      expect(batch.points.length).toBeLessThanOrEqual(LIMITS.metricPoints);
      await source.beforeSend(batch);
      for (const point of batch.points) if (point.key === "loss") steps.push(point.step);
      await source.settle(batch.to);
    }
    expect(steps).toEqual(Array.from({ length: lines }, (_, at) => at));
    expect(record.streams.metrics.next).toBe(size);
  });
});
