import { AddPrice, ListRunCosts, OneRunCost, ReadSpend, SetCurrency } from "../../domain/costs/inputs.ts";
import { procedure, router } from "../trpc/init.ts";
import { addPrice, setCurrency } from "./commands/prices.ts";
import { listPrices } from "./queries/prices.ts";
import { readRunCost } from "./queries/run-cost.ts";
import { listRunCosts, readSpend } from "./queries/spend.ts";

export const costsRouter = router({
  spend: procedure("costs:read").input(ReadSpend).query(({ ctx, input }) => readSpend(ctx, input)),
  runs: procedure("costs:read").input(ListRunCosts).query(({ ctx, input }) => listRunCosts(ctx, input)),
  run: procedure("costs:read").input(OneRunCost).query(({ ctx, input }) => readRunCost(ctx, input.id)),
  prices: procedure("costs:read").query(({ ctx }) => listPrices(ctx.db, ctx.orgId)),
  addPrice: procedure("costs:manage").input(AddPrice).mutation(({ ctx, input }) => addPrice(ctx, input)),
  setCurrency: procedure("costs:manage").input(SetCurrency).mutation(({ ctx, input }) => setCurrency(ctx, input.currency)),
});
