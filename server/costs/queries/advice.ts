import { eq, sql } from "drizzle-orm";
import { projects } from "../../../db/schema/access.ts";
import { clusters } from "../../../db/schema/clusters.ts";
import { costExperimentDays, costPeopleDays } from "../../../db/schema/cost-sums.ts";
import { costDaily } from "../../../db/schema/costs.ts";
import { experiments } from "../../../db/schema/experiments.ts";
import { type ClusterSnapshot, fitOn } from "../../../domain/agents/placement.ts";
import { DAY_MS, dayOf } from "../../../domain/costs/days.ts";
import { compare } from "../../../domain/costs/decimal.ts";
import { acceleratorsOf, estimate, guessLength, holdsOf, modelsThatFit, type Span } from "../../../domain/costs/estimate.ts";
import type { CapacityClass } from "../../../domain/costs/metering.ts";
import { priceAt } from "../../../domain/costs/price-book.ts";
import { type AdviceView, bySaving, cheaperPlace, lessCores, lessIdle, lessMemory, LOOKED_BACK_DAYS, type Recommendation, spotInstead, type SpotLoss } from "../../../domain/costs/recommendation.ts";
import type { RunSpec } from "../../../domain/experiments/run-spec.ts";
import { loadSnapshots } from "../../agents/queries/snapshots.ts";
import type { Ctx } from "../../trpc/context.ts";
import { readOnDemand, readPeakCores, readSpotLoss } from "./advice-facts.ts";
import { listAnomalies } from "./anomalies.ts";
import { loadPriceBook, type PriceBook } from "./prices.ts";
import { readStand, seenCosts } from "./spend.ts";
import { readWaste } from "./waste.ts";

/** The dearest experiments of the last thirty days are looked at. */
const MOST_EXPERIMENTS = 50;
const MOST_IDLE = 10;
/** On the page: who asks to be told is told of all. */
const MOST_RISES = 10;

interface ExperimentUse extends Record<string, unknown> {
  id: string;
  name: string;
  project: string;
  /** On the cluster of its newest run. */
  amount: string;
  /** Of its memory and its cores, wherever it ran. */
  memory: string;
  cpu: string;
  run_id: string;
  spec: RunSpec;
  cluster_id: string | null;
  peak: number | null;
  peaks: number;
}

/** What rose without being usual, and what would cost less, each with the act that does it. */
export async function readAdvice(ctx: Ctx, now: number): Promise<AdviceView> {
  const stand = await readStand(ctx.db, ctx.orgId);
  const lastDay = stand.completeTo ? dayOf(stand.completeTo.getTime() - DAY_MS) : null;
  const prices = loadPriceBook(ctx.db, ctx.orgId);
  const [recent, anomalies, idle, saving] = await Promise.all([readRecent(ctx, now), lastDay ? listAnomalies(ctx, lastDay, MOST_RISES) : [], idleRuns(ctx, now, prices), ofExperiments(ctx, now, prices)]);
  return { ...stand, recent, lastDay, anomalies, recommendations: [...idle, ...saving].toSorted(bySaving) };
}

const recentDays = (now: number) => ({ from: dayOf(now - LOOKED_BACK_DAYS * DAY_MS), to: dayOf(now) });

async function readRecent(ctx: Ctx, now: number): Promise<AdviceView["recent"]> {
  const [sums] = await ctx.db.execute<AdviceView["recent"]>(sql`
    select coalesce(sum(${costDaily.amount}), 0)::text as amount, coalesce(sum(${costDaily.provisional}), 0)::text as provisional
    from ${costPeopleDays} as "cost_daily" left join ${projects} on ${projects.orgId} = ${costDaily.orgId} and ${projects.id} = ${costDaily.projectId} where ${seenCosts(ctx, recentDays(now))}`);
  return sums!;
}

async function idleRuns(ctx: Ctx, now: number, prices: Promise<PriceBook>): Promise<Recommendation[]> {
  const { runs } = await readWaste(ctx, now, prices);
  return runs.map(lessIdle).filter((one) => one !== null).slice(0, MOST_IDLE);
}

async function ofExperiments(ctx: Ctx, now: number, prices: Promise<PriceBook>): Promise<Recommendation[]> {
  const [found, book, snapshots, classes] = await Promise.all([
    listUse(ctx, now),
    prices,
    loadSnapshots(ctx.db, ctx.orgId),
    ctx.db.select({ id: clusters.id, capacityClass: clusters.capacityClass }).from(clusters).where(eq(clusters.orgId, ctx.orgId)),
  ]);
  const places = placesOf(snapshots, new Map(classes.map(({ id, capacityClass }) => [id, capacityClass])), book, now);
  const ids = found.map(({ id }) => id);
  const [cores, onDemand, loss] = await Promise.all([readPeakCores(ctx, ids), readOnDemand(ctx, ids, recentDays(now)), readSpotLoss(ctx)]);
  return found.flatMap((use) => {
    const of = { experimentId: use.id, experiment: use.name, project: use.project, runId: use.run_id };
    const { memory: requestedMib, cpus: requested, nodes } = use.spec.resources;
    const memory = use.peak === null ? null : lessMemory({ ...of, requestedMib, peakMib: use.peak, peaks: use.peaks, amount: use.memory });
    const peak = nodes === 1 ? cores.get(use.id) : undefined;
    const fewer = peak ? lessCores({ ...of, requested, peak: peak.peak, peaks: peak.count, amount: use.cpu }) : null;
    const here = places.find(({ cluster }) => cluster.id === use.cluster_id);
    const spot = onSpot(use.spec, of, onDemand.get(use.id) ?? [], places, { book, now, loss });
    const cheaper = here ? cheapest(use, of, here, places) : null;
    const isSame = cheaper !== null && spot !== null && slugOf(cheaper) === slugOf(spot); // said once, with what may be lost
    return [memory, fewer, spot, isSame ? null : cheaper].filter((one) => one !== null);
  });
}
const slugOf = ({ act }: Recommendation): string | undefined => (act?.kind === "clone" ? act.patch.cluster : undefined);

/** The same accelerators as spot capacity: where there is a cluster of it, at its price, else at what the price book has for the class. */
function onSpot(spec: RunSpec, of: { experimentId: string; experiment: string; project: string; runId: string }, use: readonly { model: string; hours: string; amount: string }[], places: readonly Place[], { book, now, loss }: { book: PriceBook; now: number; loss: SpotLoss }): Recommendation | null {
  if (use.length === 0 || !spec.checkpoint.enabled) return null;
  const there = places.find((place) => place.isSpot && use.every(({ model }) => place.models.includes(model)) && place.hourlyOf(spec) !== null);
  const priced = use.flatMap(({ model, hours, amount }) => {
    const found = priceAt(book.lines, { kind: "accelerator", clusterId: there?.cluster.id ?? "", model, capacityClass: "spot" }, now, book.version);
    const isOfSpot = found && (there !== undefined || book.lines.find(({ id }) => id === found.id)?.capacityClass === "spot");
    return isOfSpot ? [{ hours, amount, spot: found.unitPrice }] : [];
  });
  return spotInstead({ ...of, use: priced, loss, there: there ? { name: there.cluster.name, slug: there.cluster.slug } : null });
}

/** The dearest experiments with a submitted run of late: what they cost, their newest such run, the highest peak, and how many that ended well told theirs. */
async function listUse(ctx: Ctx, now: number): Promise<ExperimentUse[]> {
  const range = recentDays(now);
  return ctx.db.execute<ExperimentUse>(sql`
    with spent as (
      select ${costDaily.experimentId} as id, sum(${costDaily.amount}) as amount
      from ${costExperimentDays} as "cost_daily" join ${projects} on ${projects.orgId} = ${costDaily.orgId} and ${projects.id} = ${costDaily.projectId}
      where ${seenCosts(ctx, range)} group by 1 order by 2 desc limit ${MOST_EXPERIMENTS}
    ), places as materialized (
      select experiment_id as id, cluster_id, sum(amount) as amount, sum(amount) filter (where kind = 'memory') as memory, sum(amount) filter (where kind = 'cpu') as cpu from cost_daily
      where org_id = ${ctx.orgId} and day between ${range.from} and ${range.to} and experiment_id in (select id from spent) group by 1, 2)
    select spent.id, ${experiments.name} as name, ${projects.name} as project, (select coalesce(sum(p.amount), 0)::text from places p where p.id = spent.id and p.cluster_id = newest.cluster_id) as amount, (select coalesce(sum(p.memory), 0)::text from places p where p.id = spent.id) as memory, (select coalesce(sum(p.cpu), 0)::text from places p where p.id = spent.id) as cpu, newest.id as run_id, newest.spec, newest.cluster_id, peaks.peak, peaks.count::int as peaks
    from spent join ${experiments} on ${experiments.id} = spent.id join ${projects} on ${projects.id} = ${experiments.projectId}
    join lateral (select r.id, r.spec, r.cluster_id from runs r where r.experiment_id = spent.id and r.spec is not null and r.deleted_at is null order by r.id desc limit 1) newest on true
    join lateral (select max(a.peak_memory_mib) as peak, count(a.peak_memory_mib) filter (where a.outcome = 'succeeded') as count from runs r join attempts a on a.run_id = r.id
      where r.experiment_id = spent.id and a.ended_at > now() - make_interval(days => ${LOOKED_BACK_DAYS})) peaks on true
    order by spent.amount desc`);
}

interface Place {
  cluster: ClusterSnapshot;
  models: readonly string[];
  isSpot: boolean;
  /** Price of an hour of a run there, on the cheapest and on the dearest accelerators that it may get; null where it never fits or nothing has a price. */
  hourlyOf: (spec: RunSpec) => Span | null;
}

function placesOf(snapshots: readonly ClusterSnapshot[], classes: ReadonlyMap<string, CapacityClass>, book: PriceBook, now: number): Place[] {
  return snapshots.map((cluster): Place => {
    const capacityClass = classes.get(cluster.id) ?? "owned";
    const { models, parts } = acceleratorsOf(cluster.nodes);
    const hourlyOf = (spec: RunSpec) => {
      if (["never", "away"].includes(fitOn({ ...spec, cluster: null }, cluster, now, false).verdict)) return null;
      return estimate(holdsOf(spec.resources), [{ clusterId: cluster.id, capacityClass, models, parts }], guessLength(spec.maxDuration, null), book.lines, now, book.version)?.hourly ?? null;
    };
    return { cluster, models, isSpot: capacityClass === "spot", hourlyOf };
  });
}

function cheapest({ spec, amount }: ExperimentUse, of: { experimentId: string; experiment: string; project: string; runId: string }, here: Place, places: readonly Place[]): Recommendation | null {
  // The least that it may have cost against the most that it may: what is said to be cheaper is so whichever it got.
  const now = here.hourlyOf(spec)?.low;
  if (!now) return null;
  const [best] = places.filter((place) => place !== here).flatMap((place) => {
    const hourly = place.hourlyOf(spec)?.high;
    return hourly ? [{ place, hourly }] : [];
  }).toSorted((a, b) => compare(a.hourly, b.hourly));
  if (!best) return null;
  const sameModels = spec.resources.gpus === 0 || new Set([here, best.place].flatMap(({ models }) => modelsThatFit(spec.resources.gpuModel, models))).size === 1;
  return cheaperPlace({ ...of, amount, here: { name: here.cluster.name, hourly: now }, there: { name: best.place.cluster.name, slug: best.place.cluster.slug, hourly: best.hourly, isSpot: best.place.isSpot, sameModels } });
}
