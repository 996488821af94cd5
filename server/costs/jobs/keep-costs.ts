import type { AgentServices } from "../../agents/services.ts";
import { eachOrg } from "../../each-org.ts";
import { watchBudgets } from "../commands/budget-watch.ts";
import { inferOutsideEnds } from "../commands/outside-ingest.ts";
import { completeHours, postDirtyHours } from "../commands/posting.ts";
import { inferEnds } from "../commands/usage-ingest.ts";
import { listDirtyOrgs } from "../queries/dirty.ts";
import { releaseHolds } from "./release-holds.ts";

/** Every organization's budgets are looked at this often, whatever was booked: months begin, budgets are changed. */
const ALL_BUDGETS_MS = 30_000;

/** One turn: ends that are inferred, hours that are over, what they cost, and what budgets say to it. */
export function costsKeeper(services: AgentServices): () => Promise<void> {
  let allAt = 0;
  return async () => {
    await inferEnds(services.sql);
    await inferOutsideEnds(services.sql, services.now());
    await completeHours(services.sql);
    const booked = await bookAll(services);
    await releaseHolds(services.sql);
    const isDue = services.now() - allAt >= ALL_BUDGETS_MS;
    if (isDue) allAt = services.now();
    await watchBudgets(services, isDue ? null : [...booked], services.now());
  };
}

/** In turns, so that neither a year of somebody's that is rated anew nor what the database refuses of it holds up anybody else's. */
async function bookAll(services: AgentServices): Promise<Set<string>> {
  const booked = new Set<string>();
  for (let waiting = await listDirtyOrgs(services.sql); waiting.length > 0; ) {
    const left: string[] = [];
    await eachOrg("costs", waiting, async (orgId) => {
      if ((await postDirtyHours(services, services.now(), orgId)).hours === 0) return;
      services.bus.publish({ orgId, topic: "costs", id: orgId });
      booked.add(orgId);
      left.push(orgId);
    });
    waiting = left;
  }
  return booked;
}
