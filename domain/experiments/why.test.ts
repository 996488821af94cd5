import { expect, it } from "vitest";
import type { AttemptView } from "./run-view.ts";
import { RunSpec, type RunSpecInput } from "./run-spec.ts";
import { moreMemory, whyOf } from "./why.ts";

const spec = (over: Partial<RunSpecInput> = {}) => RunSpec.parse({ name: "a", project: "p", command: "true", ...over });
const attempt = (over: Partial<AttemptView> = {}): AttemptView => ({
  id: "att", number: 1, status: "ended", outcome: "failed", cluster: { id: "cl", name: "Lab" }, nodeNames: ["n1"], acceleratorIndexes: [], scheduler: null, exitCode: null, signal: null, failureClass: null,
  evidence: null, unreachableSince: null, assignedAt: new Date(0), startedAt: null, endedAt: null, drainedAt: null, log: { bytes: 0, lines: 0, dropped: 0, archived: false, removed: false }, ...over,
});
const run = (over: Partial<Parameters<typeof whyOf>[0]>): Parameters<typeof whyOf>[0] => ({ status: "running", statusReason: null, pending: null, failureClass: null, evidence: null, attempts: [], spec: spec(), memoryMib: 1024, ...over });

it("says nothing about a run that simply runs, succeeded, or was cancelled", () => {
  for (const status of ["running", "starting", "succeeded", "cancelled", "cancelling"] as const) expect(whyOf(run({ status }))).toBeNull();
});
it("names who is ahead, what each cluster lacks and the earliest start of a waiting run", () => {
  const clusters = [{ clusterId: "cl", name: "Lab", reason: "Asked for 8 GPUs; 2 are free." }];
  const why = whyOf(run({ status: "queued", pending: { kind: "busy", message: "Lab is busy.", ahead: 3, clusters, earliestAt: 5000, basis: "train-7 ends by then." } }))!;
  expect(why).toMatchObject({ tone: "neutral", title: "Lab is busy.", facts: [{ label: "Ahead of it", value: "3 runs" }], clusters, moment: { at: new Date(5000), basis: "train-7 ends by then." }, next: null });
});
it("promises no time where nothing running has a limit", () => {
  expect(whyOf(run({ status: "queued", pending: { kind: "busy", message: "Lab is busy." } }))!.detail).toMatch(/no end can be promised/i);
});
it("offers to change a run that no cluster can ever take", () => {
  expect(whyOf(run({ status: "queued", pending: { kind: "never", message: "No cluster has 9 GPUs." } }))).toMatchObject({ tone: "bad", next: { kind: "clone" } });
});
it("never calls a silent run failed, and says what will happen by the run's own policy", () => {
  const attempts = [attempt({ status: "unreachable", unreachableSince: new Date(7000) })];
  const hold = whyOf(run({ status: "unreachable", attempts }))!;
  expect(hold).toMatchObject({ tone: "warn", title: "Lab does not answer.", moment: { at: new Date(7000) }, next: { kind: "declare-lost" } });
  expect(hold.detail).toContain("Drover waits");
  expect(whyOf(run({ status: "unreachable", attempts, spec: spec({ onLostContact: "restart" }) }))!.detail).toContain("starts a new attempt elsewhere");
});
it("shows memory against its limit and offers twice as much after running out of it", () => {
  const why = whyOf(run({ status: "failed", failureClass: "oom", memoryMib: 4096, evidence: { signal: "SIGKILL", peakMemoryMib: 4100, limitMemoryMib: 4096, lastLines: ["epoch 3"] } }))!;
  expect(why.facts).toContainEqual({ label: "Memory peak", value: "4 GiB of 4 GiB" });
  expect(why.facts).toContainEqual({ label: "Signal", value: "SIGKILL" });
  expect(why.lines).toEqual(["epoch 3"]);
  expect(why.next).toEqual({ kind: "clone", label: "Clone with 8 GiB", patch: { memory: 8192 } });
});
it.each([
  ["user_code", "log"],
  ["config", "clone"],
  ["image", "clone"],
  ["timeout", "clone"],
  ["preempted", "retry"],
  ["hardware", "retry"],
  ["platform", "retry"],
  ["capacity", "retry"],
] as const)("after %s the best next step is %s", (failureClass, kind) => {
  expect(whyOf(run({ status: "failed", failureClass }))!.next!.kind).toBe(kind);
});
it("shows a zero exit code as evidence too", () => {
  expect(whyOf(run({ status: "failed", failureClass: "platform", evidence: { exitCode: 0 } }))!.facts).toContainEqual({ label: "Exit code", value: "0" });
});
it("rounds doubled memory to whole GiB, so that the request reads well", () => {
  expect([moreMemory(256), moreMemory(700), moreMemory(4096)]).toEqual([512, 2048, 8192]);
});
