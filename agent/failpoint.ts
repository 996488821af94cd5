import { writeSync } from "node:fs";
import { agentEnv } from "./env.ts";

/**
 * Every named place where a test may kill the agent with SIGKILL: before and after each journal write, spawn, report,
 * acknowledgement and upload. Tests walk both lists. These are passed by every run that starts, prints a metric and ends.
 */
export const FAILPOINTS = [
  "agent.join.before-next",
  "agent.join.after-next",
  "agent.join.after-answer",
  "agent.join.after-commit",
  "agent.sync.before-send",
  "agent.sync.after-answer",
  "agent.sync.after-apply",
  "agent.journal.before-spec",
  "agent.journal.after-spec",
  "agent.journal.before-intent",
  "agent.journal.after-intent",
  "agent.journal.before-report",
  "agent.journal.after-report",
  "agent.journal.before-tombstone",
  "agent.journal.after-tombstone",
  "agent.journal.after-forget",
  "agent.launch.before-spawn",
  "agent.launch.after-spawn",
  "agent.launch.after-running",
  "agent.exit.before-sweep",
  "agent.exit.after-sweep",
  "agent.logs.before-send",
  "agent.logs.after-answer",
  "agent.metrics.before-send",
  "agent.metrics.after-answer",
  "agent.usage.before-open",
  "agent.usage.after-open",
  "agent.usage.before-close",
  "agent.usage.after-close",
  "agent.usage.before-send",
  "agent.usage.after-answer",
] as const;

/** Passed only by what they are named after: enrolment, code, a stop, a full spool, artifacts, a checkpoint that goes to another cluster. */
export const SPECIAL_FAILPOINTS = [
  "agent.enrol.before-identity",
  "agent.enrol.after-identity",
  "agent.enrol.after-answer",
  "agent.enrol.after-commit",
  "agent.journal.before-stop",
  "agent.journal.after-stop",
  "agent.code.after-download",
  "agent.code.after-unpack",
  "agent.stop.after-term",
  "agent.stop.after-kill",
  "agent.logs.before-drop",
  "agent.logs.after-drop",
  "agent.artifacts.before-upload",
  "agent.artifacts.after-upload",
  "agent.artifacts.after-manifest",
  "agent.checkpoint.after-manifest",
  "agent.checkpoint.after-fetch",
  "agent.checkpoint.between-renames",
] as const;
export type Failpoint = (typeof FAILPOINTS)[number] | (typeof SPECIAL_FAILPOINTS)[number];

let armed: Map<string, number> | undefined;

/** `name` or `name:nth`, several with commas between them. */
function arm(): Map<string, number> {
  const settings = (agentEnv().DROVER_FAILPOINT ?? "").split(",").filter(Boolean);
  return new Map(settings.map((setting) => {
    const [name = "", nth] = setting.split(":");
    return [name, nth ? Number(nth) : 1];
  }));
}

/**
 * Kills this process here if DROVER_FAILPOINT names this place (the nth passing, by default the first), after one line on
 * stderr that says where. Free otherwise.
 */
export function failpoint(name: Failpoint): void {
  armed ??= arm();
  const left = armed.get(name);
  if (left === undefined) return;
  armed.set(name, left - 1);
  if (left > 1) return;
  writeSync(2, `died at ${name}\n`);
  process.kill(process.pid, "SIGKILL");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); // not one more instruction until the signal lands
}
