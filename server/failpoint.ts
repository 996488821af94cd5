import { writeSync } from "node:fs";
import { env } from "../env.ts";

/**
 * Every place where a test may kill the process, before and after each commit, notify and answer. `DROVER_FAILPOINT=name`
 * kills it there the first time, `name:3` the third; of several with commas between them, the first that is passed; one line on
 * stderr says where. `name!drop` lets the work be done and then drops the answer: the caller must find out by asking again.
 * Without the variable a call costs one comparison.
 */
export const FAILPOINTS = [
  "server.enrol.before-commit", "server.enrol.after-commit",
  "server.join.before-commit", "server.join.after-commit",
  "server.clone.after-commit",
  "server.sync.begin", "server.sync.before-inventory-commit", "server.sync.after-inventory-commit",
  "server.sync.before-reports-commit", "server.sync.after-reports-commit", "server.sync.after-reports-notify",
  "server.sync.before-answer",
  "server.presence.before-flush", "server.presence.after-flush",
  "server.logs.begin", "server.logs.before-commit", "server.logs.after-commit", "server.logs.before-answer",
  "server.metrics.begin", "server.metrics.before-commit", "server.metrics.after-commit", "server.metrics.before-answer",
  "server.usage.begin", "server.usage.before-commit", "server.usage.after-commit", "server.usage.before-answer",
  "server.telemetry.before-commit", "server.telemetry.after-commit",
  "server.objects.after-write", "server.objects.after-rename", "server.objects.after-commit", "server.objects.before-answer",
  "server.artifacts.before-commit", "server.artifacts.after-commit",
  "server.checkpoint.before-commit", "server.checkpoint.after-commit",
  "worker.place.begin", "worker.place.before-commit", "worker.place.after-commit", "worker.place.after-notify",
  "worker.lease.before-lose-commit", "worker.lease.after-lose-commit", "worker.lease.before-give-up-commit", "worker.lease.after-give-up-commit", "worker.lease.after-silent-commit",
  "worker.archive.begin", "worker.archive.after-object", "worker.archive.before-commit", "worker.archive.after-commit",
  "worker.job.before-complete", "worker.costs.before-commit", "worker.budgets.before-release",
] as const;
export type Failpoint = (typeof FAILPOINTS)[number];

/** The work is done; only the answer gets lost. The HTTP edge cuts the connection, loops start their next pass. */
export class DroppedAnswer extends Error {
  constructor(name: string) {
    super(`the answer is dropped at ${name}`);
    this.name = "DroppedAnswer";
  }
}

interface Armed {
  left: number;
  drop: boolean;
}

let armed: Map<string, Armed> | null | undefined;

function arm(): Map<string, Armed> | null {
  const found = new Map<string, Armed>();
  for (const setting of (env().DROVER_FAILPOINT ?? "").split(",")) {
    const match = /^([a-z.-]+)(?::(\d+))?(!drop)?$/.exec(setting);
    if (!match || !(FAILPOINTS as readonly string[]).includes(match[1]!)) continue; // the agent's names are not ours
    found.set(match[1]!, { left: Number(match[2] ?? 1), drop: match[3] !== undefined });
  }
  return found.size > 0 ? found : null;
}

/** @throws DroppedAnswer in drop mode; otherwise the process is gone. */
export function failpoint(name: Failpoint): void {
  if (armed === null) return;
  if (armed === undefined) armed = arm();
  const here = armed?.get(name);
  if (!here) return;
  here.left -= 1;
  if (here.left > 0) return;
  armed = null;
  if (here.drop) throw new DroppedAnswer(name);
  writeSync(2, `died at ${name}\n`);
  process.kill(process.pid, "SIGKILL");
}

/** For tests in one process: `name`, `name:nth`, either with `!drop`; null disarms. */
export function armFailpoint(setting: { name: Failpoint; nth?: number } | null): void {
  armed = setting ? new Map([[setting.name, { left: setting.nth ?? 1, drop: true }]]) : null;
}
