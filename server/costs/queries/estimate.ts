import { and, eq } from "drizzle-orm";
import type { DbOrTx } from "../../../db/client.ts";
import { clusters } from "../../../db/schema/clusters.ts";
import { experiments } from "../../../db/schema/experiments.ts";
import { durationHistory } from "../../../db/schema/queue.ts";
import type { Weighing } from "../../../domain/agents/choose.ts";
import { fitOn, type ClusterSnapshot } from "../../../domain/agents/placement.ts";
import { admits, refusalOf } from "../../../domain/costs/budget.ts";
import type { PlanCost } from "../../../domain/costs/cost-view.ts";
import { type Decimal, decimalText, roundHalfEven, ZERO } from "../../../domain/costs/decimal.ts";
import { acceleratorsOf, type Estimate, estimate, guessLength, holdsOf, type LengthGuess, type PricedPlace } from "../../../domain/costs/estimate.ts";
import type { RunSpec } from "../../../domain/experiments/run-spec.ts";
import { FEWEST_SAMPLES } from "../../../domain/queue/durations.ts";
import { paysFor, type Payer, readBudgets } from "./budgets.ts";
import { loadPriceBook } from "./prices.ts";

export interface RunEstimate {
  currency: string;
  /** Null: nothing that it would hold has a price. */
  estimate: Estimate | null;
  /** What budgets are to keep for it. */
  hold: Decimal;
}

type Awaitable<T> = T | Promise<T>;

/** What a run should cost on the clusters that can ever take it, at the prices that hold at `now` (Unix ms). */
export async function estimateRun(db: DbOrTx, orgId: string, of: { spec: RunSpec; projectId: string | null; clusters: Awaitable<readonly ClusterSnapshot[]>; now: number }, prices = loadPriceBook(db, orgId)): Promise<RunEstimate> {
  const { spec, now } = of;
  const [book, clusters, placeOf, history] = await Promise.all([prices, of.clusters, loadPlaces(db, orgId), of.projectId ? historyOf(db, of.projectId, spec.experiment) : null]);
  const places = clusters.filter((one) => fitOn(spec, one, now).verdict !== "never").map(placeOf);
  const found = estimate(holdsOf(spec.resources), places, guessLength(spec.maxDuration, history), book.lines, now, book.version);
  return { currency: book.currency, estimate: found, hold: found?.hold ?? ZERO };
}

/** How each cluster is priced. */
async function loadPlaces(db: DbOrTx, orgId: string): Promise<(cluster: ClusterSnapshot) => PricedPlace> {
  const classes = await db.select({ id: clusters.id, capacityClass: clusters.capacityClass }).from(clusters).where(eq(clusters.orgId, orgId));
  const classOf = new Map(classes.map(({ id, capacityClass }) => [id, capacityClass]));
  return ({ id, nodes }) => ({ clusterId: id, capacityClass: classOf.get(id) ?? "owned", ...acceleratorsOf(nodes) });
}

const NO_TIME: LengthGuess = { lowSeconds: 0, highSeconds: 0, from: "assumed" };
const MILLIONTHS = 6;

/** What placement weighs clusters by, at the prices that hold at `now` (Unix ms): an hour of an ask there, on the cheapest that it may get. Nothing while nothing has a price. */
export async function loadHourPrices(db: DbOrTx, orgId: string, now: number, prices = loadPriceBook(db, orgId)): Promise<Pick<Weighing, "price">> {
  const book = await prices;
  if (book.lines.length === 0) return {};
  const placeOf = await loadPlaces(db, orgId);
  const known = new Map<string, bigint | null>(); // a pass asks for each run and cluster
  return {
    price: (cluster, resources) => {
      const { cpus, memory, gpus, gpuModel, nodes } = resources;
      const key = `${cluster.id} ${cpus} ${memory} ${gpus} ${nodes} ${gpuModel}`;
      let price = known.get(key);
      if (price === undefined) {
        const found = estimate(holdsOf(resources), [placeOf(cluster)], NO_TIME, book.lines, now, book.version);
        known.set(key, (price = found ? roundHalfEven(found.hourly.low, MILLIONTHS).units : null));
      }
      return price;
    },
  };
}

async function historyOf(db: DbOrTx, projectId: string, experiment: string): Promise<{ p50: number; p90: number } | null> {
  const [row] = await db
    .select({ samples: durationHistory.samples, p50: durationHistory.p50Seconds, p90: durationHistory.p90Seconds })
    .from(durationHistory)
    .innerJoin(experiments, eq(experiments.id, durationHistory.experimentId))
    .where(and(eq(experiments.projectId, projectId), eq(experiments.name, experiment)));
  return row && row.samples >= FEWEST_SAMPLES ? row : null;
}

/** The same for the eye, with the first budget that would refuse it. Null where nothing has a price and no budget refuses. */
export async function planCost(db: DbOrTx, found: RunEstimate, payer: Payer | null): Promise<PlanCost | null> {
  const { estimate: of, currency, hold } = found;
  const refusing = payer ? (await readBudgets(db, paysFor(payer))).find((budget) => !admits(budget, hold)) : undefined;
  const refusal = refusing ? refusalOf(refusing.name, refusing, hold, currency) : null;
  if (!of) return refusal === null ? null : { currency, refusal, hourly: null, total: null, length: null };
  const span = ({ low, high }: Estimate["total"]) => ({ low: decimalText(low), high: decimalText(high) });
  return { currency, refusal, hourly: span(of.hourly), total: span(of.total), length: of.length };
}
