import type { Hono } from "hono";
import { mountArtifactProxy } from "./artifact-proxy.ts";
import { mountColumnar } from "./columnar.ts";
import { mountMlflowRest, mountMlflowRoutes } from "./mount.ts";
import { artifactRoutes, mountArtifactFiles } from "./routes/artifacts.ts";
import { experimentRoutes } from "./routes/experiments.ts";
import { historyRoutes } from "./routes/history.ts";
import { logRoutes } from "./routes/log.ts";
import { loggedModelRoutes } from "./routes/logged-models.ts";
import { modelVersionRoutes } from "./routes/model-versions.ts";
import { registeredModelRoutes } from "./routes/registered-models.ts";
import { runRoutes } from "./routes/runs.ts";
import { searchRoutes } from "./routes/search.ts";
import { webhookRoutes } from "./routes/webhooks.ts";

/** Everything under /mlflow/p/<project>. */
export function mountMlflow(app: Hono): void {
  mountMlflowRoutes(app, [...experimentRoutes, ...runRoutes, ...logRoutes, ...historyRoutes, ...searchRoutes, ...artifactRoutes, ...loggedModelRoutes, ...registeredModelRoutes, ...modelVersionRoutes, ...webhookRoutes]);
  mountColumnar(app);
  mountArtifactProxy(app);
  mountArtifactFiles(app);
  mountMlflowRest(app); // last: it answers for every path that nobody took
}
