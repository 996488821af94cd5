import type { CostStand } from "./cost-view.ts";
import { decimal, decimalText, isZero, subtract, sum } from "./decimal.ts";
import { COST_PARTS, type CostPart } from "./split.ts";

/** What parts are told apart by. No zod here, so that a page that only names them stays small. */
export const PARTS_BY = ["cluster", "kind", "team", "project"] as const;
export type PartsBy = (typeof PARTS_BY)[number];
export const PARTS_BY_LABEL: Record<PartsBy, string> = { cluster: "Cluster", kind: "Resource", team: "Team", project: "Project" };

/** What each word means, for the eye and for who hears it. */
export const PART_LABEL: Record<CostPart | "pending", string> = { used: "Used", idle: "Held, idle", unmeasured: "Not measured", wasted: "Wasted", stranded: "Stranded", free: "Free", pending: "Not split yet" };
export const PART_SAYS: Record<CostPart | "pending", string> = {
  used: "Held by a run, and used, as far as it was measured.",
  idle: "Held by a run that did not use it.",
  unmeasured: "Held by a run, and nobody measured how much of it was used.",
  wasted: "Held by an attempt that failed or was given up.",
  stranded: "Held by nobody, and no run could be placed on it: less than a core or a GiB was left on its node, or a part of an accelerator.",
  free: "Held by nobody, with room for a run.",
  pending: "Booked so lately that it is not split yet.",
};

/** Exact decimals; what is left out is nothing. `pending`: booked, and not split yet. */
export type PartAmounts = Partial<Record<CostPart | "pending", string>>;
export interface PartsGroup {
  /** Empty: what nobody held. */
  key: string;
  label: string;
  amount: string;
  parts: PartAmounts;
}
/** What the cost of capacity went to, over whole UTC days. */
export interface PartsView extends CostStand {
  by: PartsBy;
  amount: string;
  provisional: string;
  parts: PartAmounts;
  days: { day: string; parts: PartAmounts }[];
  groups: PartsGroup[];
}

/** @param whole What was booked. With what is pending, the parts are that, to the last digit; those that are nothing are left out. */
export function withPending(whole: string, known: Partial<Record<CostPart, string>>): PartAmounts {
  const parts = COST_PARTS.flatMap((part): [CostPart, string][] => (known[part] === undefined || isZero(decimal(known[part])) ? [] : [[part, known[part]]]));
  const pending = subtract(decimal(whole), sum(parts.map(([, amount]) => decimal(amount))));
  return { ...Object.fromEntries(parts), ...(isZero(pending) ? {} : { pending: decimalText(pending) }) };
}
