import type { CostStand } from "./cost-view.ts";
import type { DisplayRate } from "./display-currency.ts";
import type { PeriodCheck, PeriodState } from "./period.ts";

export interface PeriodRow {
  period: string;
  state: "open" | PeriodState;
  amount: string;
  provisional: string;
  corrections: string;
  requestedBy: string | null;
  requestedAt: Date | null;
  closedBy: string | null;
  closedAt: Date | null;
}
export interface PeriodLine {
  /** Empty: what nobody held. */
  projectId: string;
  project: string;
  teamId: string | null;
  team: string;
  amount: string;
  corrections: string;
  /** In cents, so that the lines add up to the rounded total. */
  rounded: string;
}
export interface PeriodView extends PeriodRow, CostStand {
  /** By which it can be shown in other currencies: those of its last day. */
  rates: DisplayRate[];
  lines: PeriodLine[];
  roundedTotal: string;
  /** Empty for those who do not see the whole organization. */
  checks: PeriodCheck[];
  /** The caller asked for its close, so that somebody else must confirm it. */
  isOwnRequest: boolean;
}
