import type { Hono } from "hono";
import { mountMlflowRest, mountMlflowRoutes } from "./mount.ts";
import { experimentRoutes } from "./routes/experiments.ts";
import { runRoutes } from "./routes/runs.ts";
import { searchRoutes } from "./routes/search.ts";

/** Everything under /mlflow/p/<project>. */
export function mountMlflow(app: Hono): void {
  mountMlflowRoutes(app, [...experimentRoutes, ...runRoutes, ...searchRoutes]);
  mountMlflowRest(app); // last: it answers for every path that nobody took
}
