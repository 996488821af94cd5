import type { BudgetPolicy, BudgetScope } from "./budget.ts";
import type { ForecastRecord } from "./forecast-record.ts";
import type { LengthGuess } from "./estimate.ts";
import type { ExperimentGoal } from "../experiments/goal.ts";
import type { RunStatus } from "../experiments/run-status.ts";
import type { CapacityClass, ResourceKind } from "./metering.ts";
import type { SpendBy } from "./spend-by.ts";

/** Amounts are exact decimals as text. */
export interface SpendGroup {
  /** Empty: what nobody held. */
  key: string;
  label: string;
  amount: string;
  provisional: string;
  acceleratorHours: string;
}
/** What stands beside every figure of money. */
export interface CostStand {
  currency: string;
  ratingVersion: number;
  /** Before this, every cluster's hours are over and rated; null: there is none yet. */
  completeTo: Date | null;
  /** Nothing has a price yet, so that everything costs nothing. */
  isUnpriced: boolean;
}
/** A filter in words. */
export interface NarrowedTo {
  by: SpendBy;
  label: string;
}
export interface SpendView extends CostStand {
  by: SpendBy;
  /** What it is narrowed to, from the widest on. */
  narrowed: NarrowedTo[];
  groups: SpendGroup[];
  days: { day: string; key: string; amount: string }[];
  amount: string;
  provisional: string;
}
export interface RunCostRow {
  id: string;
  name: string;
  status: RunStatus;
  project: string;
  amount: string;
  provisional: string;
  acceleratorHours: string;
}
/** The money of a view of runs, without the clock of the ledger. */
type RunMoney = Omit<CostStand, "completeTo">;
export interface RunCost extends CostStand {
  amount: string;
  /** The part of what still runs, or of what its agent has not told the end of. */
  provisional: string;
  /** Those that held anything. Together they are `amount`. */
  attempts: { id: string; amount: string }[];
}
/** What several runs have cost so far. Those that never held anything are not among them. */
export interface RunCosts extends RunMoney {
  runs: { id: string; amount: string; provisional: string }[];
}
/** What an experiment has cost so far, with all runs that it ever had. */
export interface ExperimentCost extends RunMoney {
  amount: string;
  provisional: string;
  /** Runs that held something. */
  runs: number;
  /** `amount` by run; null while there are none. */
  perRun: string | null;
  /** By which metric its runs are judged; null until somebody picks one. */
  goal: ExperimentGoal | null;
  /** null: no run has a last value of that metric, or the caller sees no runs. */
  best: BestRunCost | null;
}
export interface BestRunCost {
  id: string;
  name: string;
  status: RunStatus;
  score: number;
  /** What it cost itself. */
  amount: string;
  /** What all runs of the experiment had cost when it ended; so far, while it runs. */
  spent: string;
}
/** What a run had cost by when. */
export interface RunCostSeries extends Pick<CostStand, "currency" | "isUnpriced"> {
  points: { x: number; amount: string }[];
}
/** An account under which others give jobs to a cluster's scheduler, or one of its users. */
export interface OutsideAccount {
  clusterId: string;
  cluster: string;
  account: string;
  /** Null: the whole account. */
  user: string | null;
  /** Seen since they are counted. */
  jobs: number;
  running: number;
  /** Named for it: pays for those that are first seen from now on. */
  projectId: string | null;
  project: string | null;
  team: string | null;
  namedBy: string | null;
  namedAt: Date | null;
}
export interface PriceLineView {
  id: string;
  version: number;
  kind: ResourceKind;
  cluster: string | null;
  model: string | null;
  capacityClass: CapacityClass | null;
  validFrom: Date;
  /** In `currency`. */
  unitPrice: string | null;
  currency: string;
  note: string | null;
  createdBy: string;
  createdAt: Date;
}
/** From this day on, one unit of `currency` is worth `rate` of the organization's own. */
export interface ExchangeRateView {
  id: string;
  version: number;
  currency: string;
  validFrom: string;
  rate: string;
  note: string | null;
  createdBy: string;
  createdAt: Date;
}
export interface PriceBookView {
  currency: string;
  version: number;
  lines: PriceLineView[];
  /** The newest day first. */
  rates: ExchangeRateView[];
}

/** What one version of the prices changed for one project: hours that an older one had charged. Exact decimals. */
export interface RepricedRow {
  version: number;
  projectId: string;
  project: string;
  /** Months of the hours, 2026-11. */
  from: string;
  to: string;
  before: string;
  after: string;
  difference: string;
}

/** From the cheapest to the dearest place and length, as exact decimals. */
interface MoneySpan {
  low: string;
  high: string;
}
/** What the plan says about money. */
export interface PlanCost {
  currency: string;
  hourly: MoneySpan | null;
  total: MoneySpan | null;
  length: LengthGuess | null;
  /** A budget would not take it: which, and the cures. */
  refusal: string | null;
}

export interface BudgetView {
  id: string;
  name: string;
  scope: { type: BudgetScope; id: string; label: string };
  policy: BudgetPolicy;
  levels: number[];
  amount: string;
  spent: string;
  /** The part of it that may still change. */
  provisional: string;
  held: string;
  /** Negative where more was spent than there was. */
  left: string;
  percent: number;
  forecast: { p10: string; p50: string; p90: string } | null;
  /** How such forecasts fared in the months before; null while no whole month was metered. */
  record: ForecastRecord | null;
  alerts: { level: number; at: Date }[];
  archivedAt: Date | null;
}
export interface BudgetsView extends CostStand {
  /** 2026-11; it ends at the end of its last day, UTC. */
  month: string;
  budgets: BudgetView[];
}
