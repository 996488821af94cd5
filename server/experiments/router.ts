import { z } from "zod";
import { CancelRun, CheckSpec, InProject, ListRunEvents, ListRuns, OneRun, PlanRun, ReadLog, ReadSeries, ReadSystemSeries, SearchLog, SubmitRun } from "../../domain/experiments/run-inputs.ts";
import { SetExperimentGoal } from "../../domain/experiments/goal-inputs.ts";
import { checkSpecYaml } from "../../domain/experiments/spec-yaml.ts";
import { Sha256 } from "../../domain/shared/ids.ts";
import { procedure, router } from "../trpc/init.ts";
import { cancelRun } from "./commands/cancel.ts";
import { declareLost } from "./commands/declare-lost.ts";
import { setExperimentGoal } from "./commands/goal.ts";
import { listExamples, prepareExample } from "./commands/prepare-example.ts";
import { retryRun } from "./commands/retry.ts";
import { submitRun } from "./commands/submit.ts";
import { objectStore } from "./object-store.ts";
import { findStored, listArtifacts } from "./queries/artifacts.ts";
import { readLogPage } from "./queries/log-page.ts";
import { searchLog } from "./queries/log-search.ts";
import { readOverview } from "./queries/overview.ts";
import { planSpec } from "./queries/plan.ts";
import { getRun, listRunEvents } from "./queries/run.ts";
import { countRuns, listGroups, listRuns } from "./queries/runs.ts";
import { listMetricKeys, readSeries } from "./queries/series.ts";
import { readSlowRanks } from "./queries/slow-ranks.ts";
import { readSystemSeries } from "./queries/system-series.ts";

export const experimentsRouter = router({
  list: procedure("runs:read").input(ListRuns).query(({ ctx, input }) => listRuns(ctx.db, ctx.grant, ctx.actor.id, input)),
  counts: procedure("runs:read").input(InProject).query(({ ctx, input }) => countRuns(ctx.db, ctx.grant, input.project)),
  groups: procedure("runs:read").input(InProject).query(({ ctx, input }) => listGroups(ctx.db, ctx.grant, input.project)),
  get: procedure("runs:read").input(OneRun).query(({ ctx, input }) => getRun(ctx, input.id)),
  events: procedure("runs:read").input(ListRunEvents).query(({ ctx, input }) => listRunEvents(ctx.db, ctx.grant, input)),
  setGoal: procedure("runs:annotate").input(SetExperimentGoal).mutation(({ ctx, input }) => setExperimentGoal(ctx, input)),
  overview: procedure("runs:read").input(InProject).query(({ ctx, input }) => readOverview(ctx, input.project, Date.now())),

  check: procedure("runs:submit").input(CheckSpec).query(({ input }) => checkSpecYaml(input.yaml)),
  plan: procedure("runs:submit").input(PlanRun).query(({ ctx, input }) => planSpec(ctx, input.spec, Date.now())),
  codeUploaded: procedure("runs:submit").input(z.strictObject({ sha256: Sha256 })).query(async ({ ctx, input }) => ({ uploaded: (await findStored(ctx.db, objectStore(), ctx.orgId, input.sha256)) !== null })),
  examples: procedure("runs:submit").query(() => listExamples()),
  prepareExample: procedure("runs:submit").input(z.strictObject({ name: z.string().max(64) })).mutation(({ ctx, input }) => prepareExample(ctx, input.name)),
  submit: procedure("runs:submit").input(SubmitRun).mutation(({ ctx, input }) => submitRun(ctx, input)),
  cancel: procedure("runs:cancel").input(CancelRun).mutation(({ ctx, input }) => cancelRun(ctx, input)),
  retry: procedure("runs:cancel").input(OneRun).mutation(({ ctx, input }) => retryRun(ctx, input)),
  declareLost: procedure("runs:declare-lost").input(OneRun).mutation(({ ctx, input }) => declareLost(ctx, input)),

  logPage: procedure("runs:read").input(ReadLog).query(({ ctx, input }) => readLogPage(ctx.db, ctx.grant, input)),
  logSearch: procedure("runs:read").input(SearchLog).query(({ ctx, input }) => searchLog(ctx.db, ctx.grant, input)),
  metricKeys: procedure("runs:read").input(OneRun).query(({ ctx, input }) => listMetricKeys(ctx.db, ctx.grant, input.id)),
  slowRanks: procedure("runs:read").input(OneRun).query(({ ctx, input }) => readSlowRanks(ctx.db, ctx.grant, input.id)),
  series: procedure("runs:read").input(ReadSeries).query(({ ctx, input }) => readSeries(ctx.db, ctx.grant, input)),
  systemSeries: procedure("runs:read").input(ReadSystemSeries).query(({ ctx, input }) => readSystemSeries(ctx.db, ctx.grant, input, Date.now())),
  artifacts: procedure("runs:read").input(OneRun).query(({ ctx, input }) => listArtifacts(ctx.db, ctx.grant, input.id)),
});
