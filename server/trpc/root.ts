import { accessRouter } from "../access/router.ts";
import { router } from "./init.ts";

export const appRouter = router({
  access: accessRouter,
});
export type AppRouter = typeof appRouter;
