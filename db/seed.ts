import type { Db } from "./client.ts";
import { factories } from "./factories.ts";
import { orgs } from "./schema/access.ts";
import { seedPrices } from "./seed/costs.ts";
import { Dice } from "./seed/dice.ts";
import { seedFleet } from "./seed/fleet.ts";
import { seedHistory } from "./seed/history.ts";
import { seedPeople } from "./seed/people.ts";

/**
 * One invented organization for demonstrations, screenshots and benchmarks: "Northwind Research", 200 nodes, and `runs`
 * finished runs over `days`, metered and priced; a worker rates them in its turn. Fixed dice: the same options make the same history.
 * @param options.now Unix ms; the history ends here.
 * @throws Error when the database holds an organization already.
 */
export async function seed(db: Db, options: { now: number; runs?: number; days?: number }): Promise<{ slug: string; ownerEmail: string }> {
  const [taken] = await db.select({ name: orgs.name }).from(orgs).limit(1);
  if (taken) throw new Error(`The database already holds the organization ${taken.name}.`);
  const { now, runs = 10_000, days = 90 } = options;
  const dice = new Dice(7070);
  const make = factories(db);
  const { org, teams, projects, owner, workers } = await seedPeople(make);
  const clusters = await seedFleet(db, make, dice, org, now);
  await seedPrices(db, make, { org, teams, fleet: clusters, now, days });
  await seedHistory(db, dice, { orgId: org.id, projects, clusters, workers }, { runs, days, now });
  return { slug: org.slug, ownerEmail: owner.email };
}
