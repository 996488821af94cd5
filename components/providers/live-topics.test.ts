import { describe, expect, it } from "vitest";
import { keyIsTouched, reconnectDelay, touchedBy } from "./live-topics.ts";

const key = (path: string, input?: unknown) => [path.split("."), { input, type: "query" }];
const isRefetched = (changes: { topic: string; id: string }[], queryKey: readonly unknown[]) => touchedBy(changes).some((one) => keyIsTouched(queryKey, one));

describe("a change on the event stream", () => {
  it("of a run refetches that run, its events and every list, and no other run", () => {
    const changes = [{ topic: "run", id: "run_1" }];
    expect(isRefetched(changes, key("experiments.get", { id: "run_1" }))).toBe(true);
    expect(isRefetched(changes, key("experiments.events", { id: "run_1", limit: 50 }))).toBe(true);
    expect(isRefetched(changes, key("experiments.list", { text: "llama" }))).toBe(true);
    expect(isRefetched(changes, key("experiments.overview", {}))).toBe(true);
    expect(isRefetched(changes, key("experiments.get", { id: "run_2" }))).toBe(false);
  });

  it("of metrics refetches that run's charts only", () => {
    const changes = [{ topic: "run-metrics", id: "run_1" }];
    expect(isRefetched(changes, key("experiments.series", { id: "run_1", keys: ["loss"] }))).toBe(true);
    expect(isRefetched(changes, key("experiments.list", {}))).toBe(false);
  });

  it("of metrics refetches the comparisons that the run is in, and no other", () => {
    const changes = [{ topic: "run-metrics", id: "run_1" }];
    expect(isRefetched(changes, key("compare.series", { ids: ["run_0", "run_1"], key: "loss" }))).toBe(true);
    expect(isRefetched(changes, key("compare.series", { ids: ["run_2"], key: "loss" }))).toBe(false);
  });

  it("of a log refetches nothing: its viewer pages forward by itself", () => {
    expect(touchedBy([{ topic: "attempt-log", id: "run_1" }])).toEqual([]);
  });

  it("of people refetches the viewer, whose permissions may have changed", () => {
    expect(isRefetched([{ topic: "people", id: "org_1" }], key("access.viewer"))).toBe(true);
    expect(isRefetched([{ topic: "people", id: "org_1" }], key("access.secrets", { projectId: "prj_1" }))).toBe(true); // a colleague set one
  });

  it("of a topic this page does not know touches nothing", () => {
    expect(touchedBy([{ topic: "weather", id: "x" }])).toEqual([]);
  });

  it("that comes many times touches each query once", () => {
    const touched = touchedBy(Array.from({ length: 50 }, () => ({ topic: "run", id: "run_1" })));
    expect(new Set(touched.map((one) => JSON.stringify(one))).size).toBe(touched.length);
  });

  it("is also found in an infinite list's key, and never in keys of another shape", () => {
    expect(isRefetched([{ topic: "run", id: "run_1" }], [["experiments", "list"], { input: {}, type: "infinite" }])).toBe(true);
    expect(isRefetched([{ topic: "run", id: "run_1" }], ["anything", 1])).toBe(false);
  });
});

it("reconnects after growing pauses of at most half a minute, spread by chance", () => {
  expect([0, 1, 2, 10].map((attempt) => reconnectDelay(attempt, 1))).toEqual([1000, 2000, 4000, 30_000]);
  expect(reconnectDelay(10, 0)).toBe(21_000);
});
