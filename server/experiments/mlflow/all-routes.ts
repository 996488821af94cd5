import type { Hono } from "hono";
import { mountArtifactProxy } from "./artifact-proxy.ts";
import { mountColumnar } from "./columnar.ts";
import { type MlflowRoute, mountMlflowRest, mountMlflowRoutes } from "./mount.ts";
import { mountMultipart } from "./multipart.ts";
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

/** Those of MLflow's REST API. */
export const REST_ROUTES: MlflowRoute[] = [...experimentRoutes, ...runRoutes, ...logRoutes, ...historyRoutes, ...searchRoutes, ...artifactRoutes, ...loggedModelRoutes, ...registeredModelRoutes, ...modelVersionRoutes, ...webhookRoutes];

/** Everything under /mlflow/p/<project>. */
export function mountMlflow(app: Hono): void {
  mountMlflowRoutes(app, REST_ROUTES);
  mountColumnar(app);
  mountArtifactProxy(app);
  mountMultipart(app);
  mountArtifactFiles(app);
  mountMlflowRest(app); // last: it answers for every path that nobody took
}
