import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ATTEMPT_EVENTS, ATTEMPT_MOVES, ATTEMPT_STATUSES, type AttemptStatus, LIVE_ATTEMPT_STATUSES, moveAttempt } from "./attempt-status.ts";
import { attemptDiagram, runDiagram } from "./diagram.ts";
import { ACTIVE_STATUSES, canMove, move, MOVES, RUN_EVENTS, RUN_STATUSES, type RunEvent, type RunStatus, TERMINAL } from "./run-status.ts";

/** Every move that exists, written down a second time on purpose: changing the table must be meant. */
const RUNS: Record<RunStatus, string> = {
  queued: "assign→starting cancel→cancelled fail→failed",
  starting: "run→running succeed→succeeded fail→failed requeue→queued cancel→cancelling lose→unreachable",
  running: "succeed→succeeded fail→failed requeue→queued cancel→cancelling lose→unreachable",
  cancelling: "stop→cancelled succeed→succeeded fail→failed",
  unreachable: "assign→starting recover→running succeed→succeeded fail→failed requeue→queued cancel→cancelling",
  succeeded: "",
  failed: "retry→queued",
  cancelled: "retry→queued",
};
const ATTEMPTS: Record<AttemptStatus, string> = {
  assigned: "take→starting run→running end→ended lose-contact→unreachable give-up→lost",
  starting: "run→running end→ended lose-contact→unreachable give-up→lost",
  running: "end→ended lose-contact→unreachable give-up→lost",
  unreachable: "take→starting run→running end→ended regain-contact→running give-up→lost",
  ended: "",
  lost: "",
};
const split = (moves: string) => Object.fromEntries(moves.split(" ").filter(Boolean).map((one) => one.split("→") as [string, string]));

describe("a run", () => {
  const every = RUN_STATUSES.flatMap((status) => RUN_EVENTS.map((event) => ({ status, event, next: split(RUNS[status])[event] })));
  it.each(every.filter(({ next }) => next))("that is $status becomes $next by $event", ({ status, event, next }) => {
    expect(move(status, event)).toBe(next);
    expect(canMove(status, event)).toBe(true);
  });
  it.each(every.filter(({ next }) => !next))("that is $status knows no $event", ({ status, event }) => {
    expect(canMove(status, event)).toBe(false);
    expect(() => move(status, event)).toThrow(expect.objectContaining({ code: "conflict", message: `Cannot ${event} a run that is ${status}.` }));
  });

  it("that ended leaves its state only by a person's retry", () => {
    expect([...TERMINAL].flatMap((status) => Object.keys(MOVES[status])).filter((event) => event !== "retry")).toEqual([]);
  });
  it("can always reach an end, whatever its state", () => {
    const reach = (from: RunStatus, seen = new Set<RunStatus>()): Set<RunStatus> => {
      for (const [event, next] of Object.entries(MOVES[from]) as [RunEvent, RunStatus][]) {
        if (event === "retry" || seen.has(next)) continue;
        seen.add(next);
        reach(next, seen);
      }
      return seen;
    };
    const open = RUN_STATUSES.filter((status) => !TERMINAL.has(status));
    expect(open.filter((status) => ![...reach(status)].some((next) => TERMINAL.has(next)))).toEqual([]);
  });
  it("is queued, active or ended, and nothing else", () => {
    expect([...ACTIVE_STATUSES, ...TERMINAL, "queued"].sort()).toEqual([...RUN_STATUSES].sort());
  });
});

describe("an attempt", () => {
  const every = ATTEMPT_STATUSES.flatMap((status) => ATTEMPT_EVENTS.map((event) => ({ status, event, next: split(ATTEMPTS[status])[event] })));
  it.each(every.filter(({ next }) => next))("that is $status becomes $next by $event", ({ status, event, next }) => expect(moveAttempt(status, event)).toBe(next));
  it.each(every.filter(({ next }) => !next))("that is $status knows no $event", ({ status, event }) => expect(() => moveAttempt(status, event)).toThrow(expect.objectContaining({ code: "conflict" })));
  it("that is over never lives again", () => {
    expect(ATTEMPT_STATUSES.filter((status) => Object.keys(ATTEMPT_MOVES[status]).length > 0)).toEqual([...LIVE_ATTEMPT_STATUSES]);
  });
});

describe("the diagrams", () => {
  it("in docs/run-spec.md are those of the tables", () => {
    const docs = readFileSync(join(import.meta.dirname, "../../docs/run-spec.md"), "utf8");
    for (const diagram of [runDiagram(), attemptDiagram()]) expect(docs).toContain(`\`\`\`mermaid\n${diagram}\n\`\`\``);
  });
});
