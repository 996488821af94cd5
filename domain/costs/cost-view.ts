import type { BudgetPolicy, BudgetScope } from "./budget.ts";
import type { ForecastRecord } from "./forecast-record.ts";
import type { LengthGuess } from "./estimate.ts";
import type { RunStatus } from "../experiments/run-status.ts";
import type { CapacityClass, HeldKind } from "./metering.ts";
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
export interface SpendView extends CostStand {
  by: SpendBy;
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
export interface RunCost extends Omit<CostStand, "completeTo"> {
  amount: string;
  /** The part of what still runs, or of what its agent has not told the end of. */
  provisional: string;
}
/** What a run had cost by when. */
export interface RunCostSeries extends Pick<CostStand, "currency" | "isUnpriced"> {
  points: { x: number; amount: string }[];
}
export interface PriceLineView {
  id: string;
  version: number;
  kind: HeldKind;
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
export interface BudgetsView {
  currency: string;
  /** 2026-11; it ends at the end of its last day, UTC. */
  month: string;
  isUnpriced: boolean;
  budgets: BudgetView[];
}
