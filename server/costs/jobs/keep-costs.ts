import type { AgentServices } from "../../agents/services.ts";
import { watchBudgets } from "../commands/budget-watch.ts";
import { completeHours, postDirtyHours } from "../commands/posting.ts";
import { inferEnds } from "../commands/usage-ingest.ts";
import { releaseHolds } from "./release-holds.ts";

/** Every organization's budgets are looked at this often, whatever was booked: months begin, budgets are changed. */
const ALL_BUDGETS_MS = 30_000;

/** One turn: ends that are inferred, hours that are over, what they cost, and what budgets say to it. */
export function costsKeeper(services: AgentServices): () => Promise<void> {
  let allAt = 0;
  return async () => {
    await inferEnds(services.sql);
    await completeHours(services.sql);
    const booked = await bookAll(services);
    await releaseHolds(services.sql);
    const isDue = services.now() - allAt >= ALL_BUDGETS_MS;
    if (isDue) allAt = services.now();
    await watchBudgets(services, isDue ? null : [...booked], services.now());
  };
}

async function bookAll(services: AgentServices): Promise<Set<string>> {
  const booked = new Set<string>();
  for (;;) {
    const { hours, orgs } = await postDirtyHours(services, services.now());
    for (const orgId of orgs) {
      services.bus.publish({ orgId, topic: "costs", id: orgId });
      booked.add(orgId);
    }
    if (hours === 0) return booked;
  }
}
