import { OneRun } from "../../../domain/experiments/run-inputs.ts";
import { DomainError } from "../../../domain/shared/errors.ts";
import { procedure, router } from "../../trpc/init.ts";
import { createAppTicket } from "../commands/interactive.ts";
import { appOrigin } from "../interactive/apps-host.ts";

export const interactiveRouter = router({
  /** The address that opens the app of a run in the caller's browser, once. */
  open: procedure("runs:interact").input(OneRun).mutation(async ({ ctx, input }) => {
    const origin = appOrigin(input.id);
    if (!origin) throw new DomainError("conflict", "Apps need a name of their own here: set DROVER_APPS_URL to an address below which every name leads to this server. Shells work without.");
    return { url: `${origin}/__drover/enter?ticket=${await createAppTicket(ctx, input.id)}` };
  }),
});
