import type { ClusterEventView } from "../../../domain/clusters/cluster-view.ts";

const LABELS: Record<string, string> = {
  "agent.joined": "joined", "agent.silent": "silent", "agent.back": "back", "agent.revoked": "revoked", "cluster.drained": "drained", "cluster.undrained": "undrained",
  "node.drained": "drained", "node.undrained": "undrained", "node.down": "down", "node.up": "up", "node.off": "off", "node.gone": "gone", "gpu.xid": "Xid", "gpu.ecc": "ECC", "gpu.failed": "GPU failed",
};

/** Lines for the charts of one node: its own events and those of the whole cluster, within [from, to]. */
export function chartEvents(events: readonly ClusterEventView[], node: string, from: number, to: number): { x: number; label: string }[] {
  return events.flatMap((event) => {
    const label = LABELS[event.kind];
    const x = event.at.getTime();
    const isOurs = event.subject === null || event.subject === node || event.subject.startsWith(`${node}/`);
    return label && isOurs && x >= from && x <= to ? [{ x, label }] : [];
  });
}
