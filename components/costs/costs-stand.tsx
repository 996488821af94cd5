import type { CostStand } from "../../domain/costs/cost-view.ts";
import { plural } from "../../domain/shared/format.ts";
import { Moment } from "../ui/time.tsx";
import classes from "./costs.module.css";

/** Hours are complete minutes after their end: much more than that is a past that is being worked through. */
const BEHIND_HOURS = 6;

/** How far the figures can be trusted: beside every sum of money. @param now Unix ms; where it is given, a past that is still being rated is named. */
export function Stand({ stand, provisional, now }: { stand: CostStand; provisional: React.ReactNode; now?: number }) {
  const hours = now && stand.completeTo ? Math.floor((now - stand.completeTo.getTime()) / 3_600_000) : 0;
  return (
    <p className={classes.stand}>
      {hours > BEHIND_HOURS && <span className={classes.behind} role="status">Catching up: {hours > 48 ? plural(Math.round(hours / 24), "day") : plural(hours, "hour")} of the past are being rated, the oldest first</span>}
      <span>{stand.completeTo ? <>Data complete to <Moment at={stand.completeTo} /></> : "No hour is complete yet"}</span>
      <span>Provisional: {provisional}</span>
      <span>Rating version {stand.ratingVersion}</span>
    </p>
  );
}
