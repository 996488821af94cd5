import type { CostStand } from "../../domain/costs/cost-view.ts";
import { absoluteTime } from "../ui/time.tsx";
import classes from "./costs.module.css";

/** How far the figures can be trusted: beside every sum of money. */
export function Stand({ stand, provisional }: { stand: CostStand; provisional: React.ReactNode }) {
  return (
    <p className={classes.stand}>
      <span suppressHydrationWarning>{stand.completeTo ? `Data complete to ${absoluteTime(stand.completeTo)}` : "No hour is complete yet"}</span>
      <span>Provisional: {provisional}</span>
      <span>Rating version {stand.ratingVersion}</span>
    </p>
  );
}
