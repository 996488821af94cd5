import type { CostStand } from "../../domain/costs/cost-view.ts";
import { geometryOf } from "../../domain/costs/money.ts";
import { formatShare, plural } from "../../domain/shared/format.ts";
import { Moment } from "../ui/time.tsx";
import { Money } from "./money.tsx";
import classes from "./costs.module.css";

/** Hours are complete minutes after their end: much more than that is a past that is being worked through. */
const BEHIND_HOURS = 6;

/**
 * How far the figures can be trusted: beside every sum of money.
 * @param of What may still change, and of how much; left out where nothing of it is booked yet.
 * @param now Unix ms; where it is given, a past that is still being rated is named.
 */
export function Stand({ stand, of, now, locale = null, children }: { stand: CostStand; of?: { amount: string; provisional: string } | undefined; now?: number; locale?: string | null; children?: React.ReactNode }) {
  const hours = now && stand.completeTo ? Math.floor((now - stand.completeTo.getTime()) / 3_600_000) : 0;
  const share = of ? geometryOf(of.provisional) / (geometryOf(of.amount) || 1) : 0;
  return (
    <p className={classes.stand}>
      {hours > BEHIND_HOURS && <span className={classes.behind} role="status">Catching up: {hours > 48 ? plural(Math.round(hours / 24), "day") : plural(hours, "hour")} of the past are being rated, the oldest first</span>}
      {children}
      <span>{stand.completeTo ? <>Data complete to <Moment at={stand.completeTo} /></> : "No hour is complete yet"}</span>
      {of && <span>Provisional: <Money amount={of.provisional} currency={stand.currency} locale={locale} />{share > 0 && ` (${formatShare(share)})`}</span>}
      <span>Rating version {stand.ratingVersion}</span>
    </p>
  );
}
