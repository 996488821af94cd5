import type { Sql } from "postgres";
import { clients, type AllClients, type Db } from "../../db/client.ts";
import { env } from "../../env.ts";
import { bus, type Bus } from "../bus.ts";
import { objectStore, type ObjectStore } from "../experiments/object-store.ts";

/** What the agents' endpoint leans on. Tests bring their own. */
export interface AgentServices {
  db: Db;
  /** The client that drizzle does not wrap: bulk writes with arrays. */
  sql: Sql;
  tenant: AllClients["tenant"];
  bus: Bus;
  objects: ObjectStore;
  leaseSeconds: number;
  /** Unix milliseconds of this server's clock: signatures and answers only; leases use the database's. */
  now: () => number;
}

export function agentServices(): AgentServices {
  const { db, sql, tenant } = clients();
  return { db, sql, tenant, bus: bus(), objects: objectStore(), leaseSeconds: env().DROVER_LEASE_SECONDS, now: Date.now };
}

/** The same on behalf of one agent: the database shows it its organization and nothing else. */
export const servicesFor = (services: AgentServices, { orgId }: { orgId: string }): AgentServices => ({ ...services, ...services.tenant(orgId) });
