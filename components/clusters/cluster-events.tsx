"use client";
import { useSuspenseInfiniteQuery } from "@tanstack/react-query";
import type { ClusterEventView } from "../../domain/clusters/cluster-view.ts";
import { xidMeaning, xidOf } from "../../domain/clusters/health.ts";
import { moreOf } from "../access/pages.ts";
import { useTRPC } from "../providers/api.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { LoadMore } from "../ui/load-more.tsx";
import type { Tone } from "../ui/status-tones.ts";
import { Timeline } from "../ui/timeline.tsx";
import classes from "./clusters.module.css";

const TONES: Record<string, Tone> = {
  "agent.enrolled": "active", "agent.joined": "good", "agent.back": "good", "agent.silent": "warn", "agent.revoked": "bad", "agent.cloned": "bad", "agent.spool_full": "warn", "agent.policy_refused": "warn", "agent.clock": "warn",
  "cluster.drained": "warn", "cluster.undrained": "good", "node.drained": "warn", "node.undrained": "good", "node.added": "good", "node.up": "good", "node.down": "bad", "node.gone": "warn", "node.draining": "warn", "node.disk_full": "bad",
  "gpu.xid": "bad", "gpu.ecc": "warn", "gpu.failed": "bad", "gpu.degraded": "warn", "gpu.ok": "good",
};
/** Who is no person. */
const ACTORS: Record<string, string> = { agent: "the agent", lease: "Drover" };

/** What happened to the cluster, its agent, nodes and accelerators; newest first. */
export function ClusterEvents({ id }: { id: string }) {
  const trpc = useTRPC();
  const query = useSuspenseInfiniteQuery(trpc.clusters.events.infiniteQueryOptions({ id, limit: 50 }, { getNextPageParam: (page) => page.nextCursor }));
  const events = query.data.pages.flatMap((page) => page.items);
  if (events.length === 0) return <EmptyState title="Nothing has happened yet">Enrolments, silences, drains, nodes that come and go, and errors of accelerators appear here.</EmptyState>;
  return (
    <div className={classes.events}>
      <Timeline
        label="Cluster events"
        events={events.map((event) => ({ id: event.id, at: event.at, message: <Message event={event} />, actor: event.actor === null ? null : (ACTORS[event.actor] ?? event.actor), tone: TONES[event.kind] ?? "neutral", evidence: event.evidence }))}
      />
      <LoadMore more={moreOf(query)} words="Load older" />
    </div>
  );
}

/** The event, and for a GPU's error code what it means and what to do. */
function Message({ event }: { event: ClusterEventView }) {
  const code = event.kind === "gpu.xid" ? xidOf(event.message) : null;
  const meaning = code === null ? null : xidMeaning(code);
  const names = event.subject && !event.message.includes(event.subject.split("/")[0]!);
  return (
    <>
      {names && <span className="mono">{event.subject} </span>}
      {event.message}
      {meaning && <span className={classes.meaning}>{meaning.means}. Likely cause: {meaning.cause === "either" ? "the program or the hardware" : meaning.cause === "hardware" ? "the hardware" : "the program"}. {meaning.advice}</span>}
    </>
  );
}
