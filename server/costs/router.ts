import { ChangeBudget, CreateBudget, OneBudget } from "../../domain/costs/budget-inputs.ts";
import { ChangeEmbedClient, CreateEmbedClient, OneEmbedClient, OneEmbedReport, PublishReport, SwitchEmbedClient } from "../../domain/costs/embed-inputs.ts";
import { AddPrice, AddRate, ListCostTags, ListReviews, ListRunCosts, NameAccount, OnePeriod, OneRunCost, ReadExperimentCost, ReadParts, ReadRunCosts, ReadRunCostSeries, ReadSpend, ResolveReviews, SetCurrency } from "../../domain/costs/inputs.ts";
import { ImportPrices } from "../../domain/costs/price-file.ts";
import { ChangeSchedule, CreateSchedule, OneSchedule, PauseSchedule } from "../../domain/costs/schedule-inputs.ts";
import { procedure, router } from "../trpc/init.ts";
import { archiveBudget, changeBudget, createBudget, restoreBudget } from "./commands/budgets.ts";
import { changeEmbedClient, createEmbedClient, publishReport, revokeEmbedClient, switchEmbedClient, withdrawReport } from "./commands/embed-clients.ts";
import { nameAccount } from "./commands/outside-accounts.ts";
import { closePeriod, requestClose, withdrawClose } from "./commands/periods.ts";
import { addPrice, importPrices, setCurrency } from "./commands/prices.ts";
import { addRate } from "./commands/rates.ts";
import { resolveReviews } from "./commands/reviews.ts";
import { changeSchedule, createSchedule, deleteSchedule, pauseSchedule, readScheduleSecret, sendSchedule } from "./commands/schedules.ts";
import { embedAudience } from "./embed-audience.ts";
import { readAdvice } from "./queries/advice.ts";
import { listEmbeds } from "./queries/embeds.ts";
import { listBudgets } from "./queries/budgets-page.ts";
import { listOutsideAccounts } from "./queries/outside.ts";
import { readParts } from "./queries/parts.ts";
import { getPeriod, listPeriods } from "./queries/periods.ts";
import { readExperimentCost } from "./queries/experiment-cost.ts";
import { readRunCosts } from "./queries/live-costs.ts";
import { listPrices } from "./queries/prices.ts";
import { listRepriced } from "./queries/repriced.ts";
import { listReviews } from "./queries/reviews.ts";
import { readRunCost, readRunCostSeries } from "./queries/run-cost.ts";
import { listSchedules } from "./queries/schedules.ts";
import { listCostTags, listRunCosts } from "./queries/run-costs.ts";
import { listFacets, readSpend } from "./queries/spend.ts";
import { readWaste } from "./queries/waste.ts";

export const costsRouter = router({
  spend: procedure("costs:read").input(ReadSpend).query(({ ctx, input }) => readSpend(ctx, input)),
  tags: procedure("costs:read").input(ListCostTags).query(({ ctx, input }) => listCostTags(ctx, input)),
  runs: procedure("costs:read").input(ListRunCosts).query(({ ctx, input }) => listRunCosts(ctx, input)),
  run: procedure("costs:read").input(OneRunCost).query(({ ctx, input }) => readRunCost(ctx, input.id)),
  ofRuns: procedure("costs:read").input(ReadRunCosts).query(({ ctx, input }) => readRunCosts(ctx, input.ids)),
  experiment: procedure("costs:read").input(ReadExperimentCost).query(({ ctx, input }) => readExperimentCost(ctx, input)),
  runSeries: procedure("costs:read").input(ReadRunCostSeries).query(({ ctx, input }) => readRunCostSeries(ctx, input)),
  prices: procedure("costs:read").query(({ ctx }) => listPrices(ctx.db, ctx.orgId)),
  repriced: procedure("costs:read").query(({ ctx }) => listRepriced(ctx)),
  addPrice: procedure("costs:manage").input(AddPrice).mutation(({ ctx, input }) => addPrice(ctx, input)),
  importPrices: procedure("costs:manage").input(ImportPrices).mutation(({ ctx, input }) => importPrices(ctx, input)),
  addRate: procedure("costs:manage").input(AddRate).mutation(({ ctx, input }) => addRate(ctx, input)),
  advice: procedure("costs:read").query(({ ctx }) => readAdvice(ctx, Date.now())),
  waste: procedure("costs:read").query(({ ctx }) => readWaste(ctx, Date.now())),
  parts: procedure("costs:read").input(ReadParts).query(({ ctx, input }) => readParts(ctx, input)),
  budgets: procedure("costs:read").query(({ ctx }) => listBudgets(ctx, Date.now())),
  createBudget: procedure("costs:manage").input(CreateBudget).mutation(({ ctx, input }) => createBudget(ctx, input)),
  changeBudget: procedure("costs:manage").input(ChangeBudget).mutation(({ ctx, input }) => changeBudget(ctx, input)),
  archiveBudget: procedure("costs:manage").input(OneBudget).mutation(({ ctx, input }) => archiveBudget(ctx, input.id)),
  restoreBudget: procedure("costs:manage").input(OneBudget).mutation(({ ctx, input }) => restoreBudget(ctx, input.id)),
  embeds: procedure("embeds:manage").query(({ ctx }) => listEmbeds(ctx.db, ctx.orgId, embedAudience())),
  publishReport: procedure("embeds:manage").input(PublishReport).mutation(({ ctx, input }) => publishReport(ctx, input)),
  withdrawReport: procedure("embeds:manage").input(OneEmbedReport).mutation(({ ctx, input }) => withdrawReport(ctx, input.id)),
  createEmbedClient: procedure("embeds:manage").input(CreateEmbedClient).mutation(({ ctx, input }) => createEmbedClient(ctx, input)),
  changeEmbedClient: procedure("embeds:manage").input(ChangeEmbedClient).mutation(({ ctx, input }) => changeEmbedClient(ctx, input)),
  switchEmbedClient: procedure("embeds:manage").input(SwitchEmbedClient).mutation(({ ctx, input }) => switchEmbedClient(ctx, input)),
  revokeEmbedClient: procedure("embeds:manage").input(OneEmbedClient).mutation(({ ctx, input }) => revokeEmbedClient(ctx, input.id)),
  periods: procedure("costs:read").query(({ ctx }) => listPeriods(ctx)),
  period: procedure("costs:read").input(OnePeriod).query(({ ctx, input }) => getPeriod(ctx, input.period, Date.now())),
  requestClose: procedure("costs:manage").input(OnePeriod).mutation(({ ctx, input }) => requestClose(ctx, input.period)),
  withdrawClose: procedure("costs:manage").input(OnePeriod).mutation(({ ctx, input }) => withdrawClose(ctx, input.period)),
  closePeriod: procedure("costs:manage").input(OnePeriod).mutation(({ ctx, input }) => closePeriod(ctx, input.period)),
  reviews: procedure("costs:read").input(ListReviews).query(({ ctx, input }) => listReviews(ctx, input)),
  resolveReviews: procedure("costs:manage").input(ResolveReviews).mutation(({ ctx, input }) => resolveReviews(ctx, input)),
  facets: procedure("costs:read").query(({ ctx }) => listFacets(ctx)),
  outsideAccounts: procedure("costs:read").query(({ ctx }) => listOutsideAccounts(ctx)),
  nameAccount: procedure("costs:manage").input(NameAccount).mutation(({ ctx, input }) => nameAccount(ctx, input)),
  schedules: procedure("costs:manage").query(({ ctx }) => listSchedules(ctx.db, ctx.orgId, Date.now())),
  scheduleSecret: procedure("costs:manage").input(OneSchedule).query(({ ctx, input }) => readScheduleSecret(ctx, input.id)),
  createSchedule: procedure("costs:manage").input(CreateSchedule).mutation(({ ctx, input }) => createSchedule(ctx, input)),
  changeSchedule: procedure("costs:manage").input(ChangeSchedule).mutation(({ ctx, input }) => changeSchedule(ctx, input)),
  pauseSchedule: procedure("costs:manage").input(PauseSchedule).mutation(({ ctx, input }) => pauseSchedule(ctx, input)),
  deleteSchedule: procedure("costs:manage").input(OneSchedule).mutation(({ ctx, input }) => deleteSchedule(ctx, input.id)),
  sendSchedule: procedure("costs:manage").input(OneSchedule).mutation(({ ctx, input }) => sendSchedule(ctx, input.id)),
  setCurrency: procedure("costs:manage").input(SetCurrency).mutation(({ ctx, input }) => setCurrency(ctx, input.currency)),
});
