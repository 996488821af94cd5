import type { Hono } from "hono";
import { open } from "./access/guard.ts";
import { mountAgentRoutes } from "./agents/endpoint.ts";
import { mountClusterRoutes } from "./clusters/routes.ts";
import { mountMlflow } from "./experiments/mlflow/all-routes.ts";
import { mountEmbedRoutes } from "./costs/embed-routes.ts";
import { mountCostRoutes } from "./costs/routes.ts";
import { mountUnsubscribeRoutes } from "./costs/unsubscribe-routes.ts";
import { mountTerminals } from "./experiments/interactive/terminals.ts";
import { mountExportRoutes } from "./experiments/export-routes.ts";
import { mountExperimentRoutes } from "./experiments/routes.ts";
import { mountLive } from "./monitoring/live.ts";

/** Every route that is not tRPC or sign-in. Each domain mounts its own; the permission test walks this list. */
export function mountRoutes(app: Hono): void {
  mountAgentRoutes(app);
  mountClusterRoutes(app);
  mountExperimentRoutes(app);
  mountTerminals(app);
  mountExportRoutes(app);
  mountCostRoutes(app);
  mountEmbedRoutes(app);
  mountUnsubscribeRoutes(app);
  mountMlflow(app);
  mountLive(app);
  app.get("/api/health", open("says only that the process answers"), (c) => c.json({ ok: true }));
}
