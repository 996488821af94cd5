import { CompleteSetup, SetupToken } from "../../domain/access/inputs.ts";
import { openProcedure, procedure, router } from "../trpc/init.ts";
import { completeSetup } from "./commands/setup.ts";
import { isSetupLinkLive } from "./queries.ts";
import { sha256 } from "./secrets.ts";
import { me, viewer } from "./viewer.ts";

export const accessRouter = router({
  me: openProcedure("signed-in").query(({ ctx }) => me(ctx)),
  viewer: procedure("org:read").query(({ ctx }) => viewer(ctx)),
  setupState: openProcedure("public")
    .input(SetupToken)
    .query(async ({ ctx, input }) => ({ valid: await isSetupLinkLive(ctx.db, sha256(input.token)) })),
  completeSetup: openProcedure("public")
    .input(CompleteSetup)
    .mutation(({ ctx, input }) => completeSetup(ctx, input)),
});
