import type { AcceleratorView, NodeView } from "../../../domain/clusters/cluster-view.ts";
import { formatMib, formatNumber, plural } from "../../../domain/shared/format.ts";
import { Meter } from "../../ui/meter.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import classes from "../clusters.module.css";
import { RunName } from "./run-name.tsx";

/** "NVIDIA H100 80GB HBM3" → "H100 80GB HBM3": the maker is known. */
export const shortModel = (model: string) => model.replace(/^(NVIDIA|AMD|Intel)\s+/i, "");

/** Of one that is held in shares; null else. */
const inShares = ({ shares }: AcceleratorView) => (shares && shares.held > 0 ? `${shares.held} of ${shares.all} shares held by ${plural(shares.runs, "run")}` : null);

const words = (one: AcceleratorView) => `GPU ${one.index}: ${one.health === "ok" ? "" : `${one.health}, `}${inShares(one) ?? (one.run ? `held by ${one.run.name}` : "free")}${one.utilization === null ? "" : `, ${Math.round(one.utilization)} % busy`}`;

/** All accelerators of a node in a few pixels: filled by how busy they are, framed when held, crossed when sick. */
export function AcceleratorStrip({ node }: { node: NodeView }) {
  const held = node.accelerators.filter((one) => one.run).length;
  const models = [...new Set(node.accelerators.map((one) => shortModel(one.model)))];
  return (
    <div className={classes.gpus}>
      <div className={classes.useHead}><span className="cut" title={models.join(", ")}>{models.length === 1 ? models[0] : `${models.length} models`}</span><span className={classes.useText}>{held} / {node.accelerators.length}</span></div>
      <div className={classes.strip} role="img" aria-label={`Accelerators of ${node.name}: ${held} of ${node.accelerators.length} held`}>
        {node.accelerators.map((one) => (
          <span key={one.id} className={classes.cell} data-held={one.run ? true : undefined} data-health={one.health} title={words(one)}>
            <span className={classes.cellFill} style={{ height: `${Math.min(100, Math.max(0, one.utilization ?? 0))}%` }} />
          </span>
        ))}
      </div>
    </div>
  );
}

/** One tile per accelerator: who holds it and what it does. */
export function AcceleratorTiles({ node }: { node: NodeView }) {
  return (
    <ul className={classes.tiles} aria-label={`Accelerators of ${node.name}`}>
      {node.accelerators.map((one) => <Tile key={one.id} one={one} node={node.name} />)}
    </ul>
  );
}

function Tile({ one, node }: { one: AcceleratorView; node: string }) {
  return (
    <li className={classes.tile} data-health={one.health}>
      <div className={classes.tileHead}>
        <span className="cut"><span className={classes.tileIndex}>{one.index}</span> <span className="dim" title={`${one.model}, ${one.uuid}`}>{shortModel(one.model)}</span></span>
        {one.health !== "ok" && <StatusBadge status={one.health} reason={one.healthReason} />}
      </div>
      <div className={classes.tileRun}>{inShares(one) ? <span>{inShares(one)}</span> : one.run ? <RunName run={one.run} max={24} /> : <span className="dim">{one.health === "failed" ? "takes no work" : "free"}</span>}</div>
      <Line label="Busy" value={one.utilization === null ? null : `${Math.round(one.utilization)} %`} share={one.utilization === null ? null : one.utilization / 100} name={`GPU ${one.index} of ${node}: busy`} />
      <Line label="Memory" value={one.memoryUsedMib === null ? null : `${formatMib(one.memoryUsedMib)} of ${formatMib(one.memoryMib)}`} share={one.memoryUsedMib === null ? null : one.memoryUsedMib / one.memoryMib} name={`GPU ${one.index} of ${node}: memory`} />
      <div className={classes.tileNumbers}>
        {one.temperature === null && one.power === null ? <span>not measured</span> : <><span>{one.temperature === null ? "" : `${formatNumber(Math.round(one.temperature))} °C`}</span><span>{one.power === null ? "" : `${formatNumber(Math.round(one.power))} W`}</span></>}
      </div>
      {one.healthReason && <div className={classes.tileReason}>{one.healthReason}</div>}
    </li>
  );
}

function Line({ label, value, share, name }: { label: string; value: string | null; share: number | null; name: string }) {
  return (
    <div className={classes.tileLine}>
      <span className={classes.tileLabel}>{label}</span>
      <span className={classes.tileValue}>{value ?? "—"}</span>
      <Meter used={share ?? 0} total={1} label={name} tone="active" />
    </div>
  );
}
