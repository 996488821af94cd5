import { accessRouter } from "../access/router.ts";
import { clustersRouter } from "../clusters/router.ts";
import { costsRouter } from "../costs/router.ts";
import { experimentsRouter } from "../experiments/router.ts";
import { compareRouter } from "../experiments/routers/compare.ts";
import { interactiveRouter } from "../experiments/routers/interactive.ts";
import { reportsRouter, viewsRouter } from "../experiments/routers/reports.ts";
import { storageRouter } from "../experiments/routers/storage.ts";
import { tableRouter } from "../experiments/routers/table.ts";
import { modelsRouter } from "../models/router.ts";
import { queueRouter } from "../queue/router.ts";
import { router } from "./init.ts";

export const appRouter = router({
  access: accessRouter,
  clusters: clustersRouter,
  compare: compareRouter,
  costs: costsRouter,
  experiments: experimentsRouter,
  interactive: interactiveRouter,
  models: modelsRouter,
  queue: queueRouter,
  reports: reportsRouter,
  storage: storageRouter,
  table: tableRouter,
  views: viewsRouter,
});
export type AppRouter = typeof appRouter;
