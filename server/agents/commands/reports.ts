import type { AttemptReport } from "../../../agent/protocol/messages.ts";
import { applyReport, loseContact, regainContact, stopUntaken } from "../../experiments/commands/attempt-moves.ts";
import { lockPairs, transact } from "../../experiments/commands/transitions.ts";
import { failpoint } from "../../failpoint.ts";
import type { AgentIdentity } from "../authenticate.ts";
import type { LiveAttempt } from "../queries.ts";
import type { AgentServices } from "../services.ts";

/** Attempts per transaction: one commit for many, without holding locks for long. */
const BATCH = 200;

interface Applied {
  acked: { attemptId: string; seq: number }[];
  stale: string[];
}

/** Applies what an agent saw, in batches. A repeat is acknowledged again and changes nothing. */
export async function applyReports(services: AgentServices, agent: AgentIdentity, reports: AttemptReport[]): Promise<Applied> {
  const applied: Applied = { acked: [], stale: [] };
  const from = { clusterName: agent.clusterName, leaseSeconds: services.leaseSeconds };
  for (let at = 0; at < reports.length; at += BATCH) {
    const batch = reports.slice(at, at + BATCH);
    const done = await transact(
      services.db,
      services.bus,
      async (work) => {
        const pairs = await lockPairs(work.tx, batch.map(({ attemptId }) => attemptId), agent.clusterId);
        const verdicts: { report: AttemptReport; verdict: "acked" | "stale" }[] = [];
        for (const report of batch) verdicts.push({ report, verdict: await applyReport(work, pairs.get(report.attemptId), report, from) });
        return verdicts;
      },
      { beforeCommit: () => failpoint("server.sync.before-reports-commit"), afterCommit: () => failpoint("server.sync.after-reports-commit") },
    );
    for (const { report, verdict } of done) {
      if (verdict === "acked") applied.acked.push({ attemptId: report.attemptId, seq: report.seq });
      else applied.stale.push(report.attemptId);
    }
  }
  if (reports.length > 0) failpoint("server.sync.after-reports-notify");
  return applied;
}

/**
 * What the list of attempts that the agent knows says about those the server believes in:
 * - out of reach, and it still has it: back in contact;
 * - taken once, and it has it no more (its journal was lost): out of reach, for nobody knows what became of the process;
 * - asked to stop, and it never took it: over, since from this answer on it never will.
 * True when there was any such, so that what was read before is old.
 */
export async function reconcileKnown(services: AgentServices, agent: AgentIdentity, live: LiveAttempt[], known: ReadonlySet<string>): Promise<boolean> {
  const odd = live.filter((one) => oddity(one, known) !== null);
  for (let at = 0; at < odd.length; at += BATCH) {
    const batch = odd.slice(at, at + BATCH);
    await transact(services.db, services.bus, async (work) => {
      const pairs = await lockPairs(work.tx, batch.map(({ id }) => id), agent.clusterId);
      for (const pair of pairs.values()) {
        const { attempt } = pair;
        const now = { id: attempt.id, status: attempt.status, taken: attempt.reportSeq > 0, stopRequested: attempt.stopRequestedAt !== null };
        const found = oddity(now, known); // again, now that it is locked
        if (found === "back") await regainContact(work, pair, agent.clusterName, services.leaseSeconds);
        else if (found === "forgotten") await loseContact(work, pair, { message: `The agent of ${agent.clusterName} no longer knows this attempt. Its process may still be running there.`, since: null });
        else if (found === "untaken") await stopUntaken(work, pair);
      }
    });
  }
  return odd.length > 0;
}

function oddity(one: Pick<LiveAttempt, "id" | "status" | "taken" | "stopRequested">, known: ReadonlySet<string>): "back" | "forgotten" | "untaken" | null {
  if (one.status === "unreachable" && known.has(one.id)) return "back";
  if (known.has(one.id)) return null;
  if (one.taken) return one.status === "starting" || one.status === "running" ? "forgotten" : null;
  return one.stopRequested && (one.status === "assigned" || one.status === "unreachable") ? "untaken" : null;
}
