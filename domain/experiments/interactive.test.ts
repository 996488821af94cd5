import { describe, expect, it } from "vitest";
import { appLabel, idleUntil, runOfLabel } from "./interactive.ts";
import { runActions, type RunSituation } from "./run-actions.ts";
import { RunSpec } from "./run-spec.ts";

const RUN = "run_01920000-0000-7000-8000-000000000001";

describe("the host name of a run's app", () => {
  it("leads back to the run, and no other text does", () => {
    expect(runOfLabel(appLabel(RUN))).toBe(RUN);
    for (const other of ["www", RUN, `${appLabel(RUN)}x`, `x-${appLabel(RUN)}`, "run-", appLabel(RUN).toUpperCase()]) expect(runOfLabel(other)).toBeNull();
  });

  it("is a label that DNS takes", () => {
    expect(appLabel(RUN)).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
  });
});

describe("idle time", () => {
  it("runs from the last use, or from the start while nobody used it", () => {
    expect(idleUntil(60, 1_000_000, null)).toBe(1_060_000);
    expect(idleUntil(60, 1_000_000, 1_500_000)).toBe(1_560_000);
    expect(idleUntil(60, 1_000_000, 900_000)).toBe(1_060_000); // of an attempt before
  });

  it("is an hour unless the spec says otherwise, and stays what it is when a spec is parsed again", () => {
    const spec = RunSpec.parse({ name: "a", project: "p", command: "sleep infinity", interactive: { app: "jupyter" } });
    expect(spec.interactive).toEqual({ app: "jupyter", idleTimeout: 3600 });
    expect(RunSpec.parse(spec)).toEqual(spec);
    expect(RunSpec.parse({ ...spec, interactive: { idleTimeout: "20m" } }).interactive).toEqual({ app: "shell", idleTimeout: 1200 });
    expect(RunSpec.parse({ name: "a", project: "p", command: "true" }).interactive).toBeNull();
  });
});

describe("who may enter a run", () => {
  const none = { interact: false, interactAny: false, submit: true, cancel: true, cancelAny: true, declareLost: true, order: true };
  const situation = (more: Partial<RunSituation>): RunSituation => ({ status: "running", origin: "submitted", isOwn: true, hasUnreachableAttempt: false, letsIn: true, holds: { ...none, interact: true }, ...more });
  const may = (more: Partial<RunSituation>) => runActions(situation(more)).interact;

  it("its owner while it runs on a cluster that lets people in", () => {
    expect(may({})).toEqual({ ok: true });
  });

  it.each([
    ["somebody else with the right to one's own only", { isOwn: false }, /somebody else's run/],
    ["its owner without the permission", { holds: none }, /runs:interact/],
    ["anybody before it runs", { status: "queued" }, /not running yet/],
    ["anybody after it ended", { status: "succeeded" }, /has ended: succeeded/],
    ["anybody on a cluster that lets nobody in", { letsIn: false }, /lets nobody into its runs/],
    ["anybody where a client runs it", { origin: "client" }, /A client runs it/],
  ] as [string, Partial<RunSituation>, RegExp][])("but not %s", (_who, more, reason) => {
    const answer = may(more);
    expect(answer.ok ? "allowed" : answer.reason).toMatch(reason);
  });

  it("and others with the right to anybody's", () => {
    expect(may({ isOwn: false, holds: { ...none, interactAny: true } })).toEqual({ ok: true });
  });
});
