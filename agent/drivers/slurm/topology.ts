import { log, reason } from "../../log.ts";
import type { SlurmClient } from "./client.ts";
import { expandHosts } from "./foreign.ts";
import { parseRecord } from "./records.ts";

/** Cables seldom change. */
const GOOD_FOR_MS = 10 * 60_000;
/** As many as the protocol takes. */
const MOST_LEVELS = 16;

type Paths = ReadonlyMap<string, string[]>;

/** Node → its switches (topology/tree) or block (topology/block), the nearest to the root first. Of a node that is on several of one level, the first. */
export function parseTopology(text: string): Paths {
  const places = text.split("\n").map(parseRecord).flatMap((record) => {
    const name = record.get("SwitchName") ?? record.get("BlockName");
    return name === undefined ? [] : [{ name: name.slice(0, 128), level: Number(record.get("Level")) || 0, nodes: expandHosts(record.get("Nodes") ?? "") }];
  });
  const paths = new Map<string, string[]>();
  let [below, last] = [new Set<string>(), Number.NaN];
  for (const { name, level, nodes } of places.toSorted((a, b) => b.level - a.level)) {
    if (level !== last) [below, last] = [new Set(), level];
    for (const node of nodes.filter((one) => !below.has(one))) {
      below.add(node);
      const path = paths.get(node) ?? [];
      if (path.length < MOST_LEVELS) paths.set(node, [...path, name]);
    }
  }
  return paths;
}

/** On what each node hangs, where Slurm has been told. */
export class Topology {
  private last: { at: number; paths: Paths } = { at: -Infinity, paths: new Map() };

  async read(client: SlurmClient): Promise<Paths> {
    if (performance.now() - this.last.at < GOOD_FOR_MS) return this.last.paths;
    const text = await client.run("scontrol", ["show", "topology"]).catch((error: unknown) => {
      log.debug("Slurm tells of no topology", { reason: reason(error) });
      return "";
    });
    this.last = { at: performance.now(), paths: parseTopology(text) };
    return this.last.paths;
  }
}
