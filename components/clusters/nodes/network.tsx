import { Button } from "@mantine/core";
import { useState } from "react";
import { type Block, blocksOf, largestFree, type NodePlace } from "../../../domain/clusters/blocks.ts";
import type { NodeView } from "../../../domain/clusters/cluster-view.ts";
import { formatCount, plural } from "../../../domain/shared/format.ts";
import { Section } from "../../ui/page-header.tsx";
import classes from "./network.module.css";

const SHOWN = 12;
const WORDS: Record<NodePlace, string> = { free: "free", used: "in use", reserved: "reserved", closed: "takes no work" };

/** The switches or blocks of a cluster with their nodes, as its scheduler knows them. Nothing where it knows of none. */
export function Network({ nodes, under, onUnder }: { nodes: readonly NodeView[]; under: string | null; onUnder: (name: string | null) => void }) {
  const [all, setAll] = useState(false);
  const blocks = blocksOf(nodes);
  if (blocks.length === 0) return null;
  const named = blocks.filter(({ name }) => name !== null).length;
  const best = largestFree(blocks);
  const shown = all ? blocks : blocks.slice(0, SHOWN);
  const trunks = Map.groupBy(shown, ({ above }) => above.join(" › "));
  return (
    <div className={classes.network}>
      <Section title="Network" count={plural(named, "block")} actions={<Legend blocks={blocks} />}>
        <p className={classes.best}>{best ? <>Largest free block: {plural(best.free, "node")} under <button type="button" className={classes.link} onClick={() => onUnder(best.name)}>{best.name}</button>.</> : "No block has a free node."}</p>
        {[...trunks].map(([trunk, members]) => (
          <div key={trunk} className={classes.trunk}>
            {trunk !== "" && <div className={classes.trunkName}>{trunk}</div>}
            <ul className={classes.blocks} data-hangs={trunk !== "" || undefined} aria-label={trunk === "" ? "Blocks" : `Blocks under ${trunk}`}>
              {members.map((block) => <Branch key={block.name} block={block} on={block.name !== null && block.name === under} onUnder={onUnder} />)}
            </ul>
          </div>
        ))}
        {shown.length < blocks.length && <Button variant="default" size="compact-sm" onClick={() => setAll(true)}>Show all blocks</Button>}
      </Section>
    </div>
  );
}

/** Pressed, the list below has its nodes alone. */
function Branch({ block, on, onUnder }: { block: Block; on: boolean; onUnder: (name: string | null) => void }) {
  const inside = (
    <>
      <span className={classes.name}>{block.name ?? "Not known"}</span>
      <span className={classes.count}>{formatCount(block.free)} of {formatCount(block.nodes.length)} free</span>
      <span className={classes.cells} aria-hidden="true">{block.nodes.map((node) => <span key={node.name} className={classes.cell} data-place={node.place} title={`${node.name}: ${WORDS[node.place]}`} />)}</span>
    </>
  );
  return (
    <li className={classes.branch}>
      {block.name === null ? <div className={classes.block}>{inside}</div> : <button type="button" className={classes.block} aria-pressed={on} onClick={() => onUnder(on ? null : block.name)}>{inside}</button>}
    </li>
  );
}

/** Of what the drawing has. */
function Legend({ blocks }: { blocks: readonly Block[] }) {
  const has = new Set(blocks.flatMap(({ nodes }) => nodes.map(({ place }) => place)));
  return (
    <span className={classes.legend}>
      {(Object.keys(WORDS) as NodePlace[]).filter((place) => has.has(place)).map((place) => <span key={place} className={classes.legendPart}><span className={classes.cell} data-place={place} /> {WORDS[place]}</span>)}
    </span>
  );
}
