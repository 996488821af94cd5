import { accessRouter } from "../access/router.ts";
import { experimentsRouter } from "../experiments/router.ts";
import { router } from "./init.ts";

export const appRouter = router({
  access: accessRouter,
  experiments: experimentsRouter,
});
export type AppRouter = typeof appRouter;
