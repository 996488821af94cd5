import { ChangePolicy, ExplainRun, HoldRuns, ListQueue, MoveRuns, OneQuota, PrioritizeRuns, ReleaseRuns, SetProjectQuota, SetTeamQuota, SetWeight } from "../../domain/queue/inputs.ts";
import { procedure, router } from "../trpc/init.ts";
import { holdRuns, moveRuns, prioritizeRuns, releaseRuns } from "./commands/order.ts";
import { removeQuota, setPolicy, setProjectQuota, setTeamQuota, setWeight } from "./commands/policy.ts";
import { explainRun, listRunning, listWaiting } from "./queries/page.ts";
import { readSummary } from "./queries/summary.ts";

export const queueRouter = router({
  waiting: procedure("runs:read").input(ListQueue).query(({ ctx, input }) => listWaiting(ctx, input)),
  running: procedure("runs:read").input(ListQueue).query(({ ctx, input }) => listRunning(ctx, input)),
  explain: procedure("runs:read").input(ExplainRun).query(({ ctx, input }) => explainRun(ctx, input.id)),
  summary: procedure("clusters:read").query(({ ctx }) => readSummary(ctx)),

  // Own runs with runs:cancel, anybody's with queue:order: domain/experiments/run-actions.ts decides per run.
  hold: procedure("runs:cancel").input(HoldRuns).mutation(({ ctx, input }) => holdRuns(ctx, input)),
  release: procedure("runs:cancel").input(ReleaseRuns).mutation(({ ctx, input }) => releaseRuns(ctx, input)),
  prioritize: procedure("runs:cancel").input(PrioritizeRuns).mutation(({ ctx, input }) => prioritizeRuns(ctx, input)),
  move: procedure("runs:cancel").input(MoveRuns).mutation(({ ctx, input }) => moveRuns(ctx, input)),

  setPolicy: procedure("queue:manage").input(ChangePolicy).mutation(({ ctx, input }) => setPolicy(ctx, input)),
  setTeamQuota: procedure("queue:manage").input(SetTeamQuota).mutation(({ ctx, input }) => setTeamQuota(ctx, input)),
  setProjectQuota: procedure("queue:manage").input(SetProjectQuota).mutation(({ ctx, input }) => setProjectQuota(ctx, input)),
  removeQuota: procedure("queue:manage").input(OneQuota).mutation(({ ctx, input }) => removeQuota(ctx, input.id)),
  setWeight: procedure("queue:manage").input(SetWeight).mutation(({ ctx, input }) => setWeight(ctx, input)),
});
