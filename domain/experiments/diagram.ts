import { ATTEMPT_MOVES, ATTEMPT_STATUSES } from "./attempt-status.ts";
import { MOVES, RUN_STATUSES, TERMINAL } from "./run-status.ts";

/** The runs' transition table as a mermaid diagram, for docs/run-spec.md: the docs' test compares the two. */
export function runDiagram(): string {
  return diagram(RUN_STATUSES, MOVES, "queued", TERMINAL);
}

/** The attempts' table likewise. */
export function attemptDiagram(): string {
  return diagram(ATTEMPT_STATUSES, ATTEMPT_MOVES, "assigned", new Set(["ended", "lost"]));
}

/** Moves between the same two states share an arrow. */
function diagram<Status extends string>(statuses: readonly Status[], moves: Record<Status, Partial<Record<string, Status>>>, first: Status, last: ReadonlySet<Status>): string {
  const lines = ["stateDiagram-v2", `  [*] --> ${first}`];
  for (const from of statuses) {
    const arrows = new Map<Status, string[]>();
    for (const [event, to] of Object.entries(moves[from]) as [string, Status][]) arrows.set(to, [...(arrows.get(to) ?? []), event]);
    for (const [to, events] of arrows) lines.push(`  ${from} --> ${to}: ${events.join(", ")}`);
    if (last.has(from)) lines.push(`  ${from} --> [*]`);
  }
  return lines.join("\n");
}
