import { ChangeRetention, RetentionRules } from "../../../domain/experiments/retention.ts";
import { AskRemoval } from "../../../domain/experiments/run-inputs.ts";
import { procedure, router } from "../../trpc/init.ts";
import { setRetentionRules } from "../commands/retention.ts";
import { findRemoval, loadRetentionRules, previewRetention, readStorageUse } from "../queries/retention.ts";

/** What lies in the object store, and how long it stays there. */
export const storageRouter = router({
  use: procedure("org:manage").query(({ ctx }) => readStorageUse(ctx.db, ctx.orgId)),
  rules: procedure("org:manage").query(({ ctx }) => loadRetentionRules(ctx.db, ctx.orgId)),
  preview: procedure("org:manage").input(RetentionRules).query(({ ctx, input }) => previewRetention(ctx.db, ctx.orgId, input)),
  removal: procedure("runs:read").input(AskRemoval).query(({ ctx, input }) => findRemoval(ctx.db, ctx.grant, input)),
  setRules: procedure("org:manage").input(ChangeRetention).mutation(({ ctx, input }) => setRetentionRules(ctx, input)),
});
