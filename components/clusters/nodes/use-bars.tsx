import { Meter } from "../../ui/meter.tsx";
import classes from "../clusters.module.css";

/** Two truths of one resource, one above the other: what runs hold, and what is measured. `held` null: runs are not promised any of it. */
export function UseBars({ name, node, held, measured, total, format }: { name: string; node: string; held: number | null; measured: number | null; total: number; format: (value: number) => string }) {
  const said = [...(held === null ? [] : [`${format(held)} of ${format(total)} held by runs`]), measured === null ? "not measured in the last minute" : `${format(measured)} of ${format(total)} in use`].join(", ");
  const shown = held ?? measured;
  return (
    <div className={classes.use} title={`${name}: ${said}`}>
      <div className={classes.useHead}><span>{name}</span><span className={classes.useText}>{shown === null ? "—" : format(shown)} / {format(total)}</span></div>
      <div className={classes.useBars}>
        {held !== null && <Meter used={held} total={total} label={`${name} of ${node} held by runs`} tone="active" />}
        <Meter used={measured ?? 0} total={total} label={`${name} of ${node} measured`} tone={measured !== null && measured > total * 0.95 ? "warn" : "neutral"} />
      </div>
    </div>
  );
}
