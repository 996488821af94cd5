"use client";
import { useSuspenseInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import type { RunEventView } from "../../../domain/experiments/run-view.ts";
import { moreOf } from "../../access/pages.ts";
import { useTRPC } from "../../providers/api.tsx";
import { LoadMore } from "../../ui/load-more.tsx";
import { Section } from "../../ui/page-header.tsx";
import type { Tone } from "../../ui/status-tones.ts";
import { Timeline } from "../../ui/timeline.tsx";
import classes from "../experiments.module.css";
import { AttemptBars } from "./attempt-bars.tsx";

/** Kinds end in what happened: `attempt.running`, `run.ended`. Their evidence says how. */
function toneOf(event: RunEventView): Tone {
  const what = event.kind.split(".").at(-1) ?? "";
  if (/lost|unreachable|lose|give/.test(what)) return "warn";
  if (/fail/.test(what) || /fail/i.test(event.message.slice(0, 40))) return "bad";
  if (/succe/.test(what) || /succeeded/i.test(event.message)) return "good";
  if (/running|run$|assigned|starting|recover|regain/.test(what)) return "active";
  return "neutral";
}

/** Everything that happened to the run, with who or what did it and the proof. */
export function RunTimeline({ id }: { id: string }) {
  const trpc = useTRPC();
  const run = useSuspenseQuery(trpc.experiments.get.queryOptions({ id })).data;
  const events = useSuspenseInfiniteQuery(trpc.experiments.events.infiniteQueryOptions({ id, limit: 50 }, { getNextPageParam: (page) => page.nextCursor }));
  const all = events.data.pages.flatMap((page) => page.items);
  return (
    <>
      {run.attempts.length > 0 && <Section title="Attempts" count={run.attempts.length}><AttemptBars run={run} /></Section>}
      <Section title="Events">
        <div style={{ paddingTop: 8 }}>
          <Timeline events={all.map((event) => ({ id: event.id, at: event.at, message: event.message, actor: event.actor, context: event.attemptNumber === null ? null : `attempt ${event.attemptNumber}`, tone: toneOf(event), evidence: event.evidence }))} />
        </div>
        {events.hasNextPage ? <LoadMore more={moreOf(events)} words="Load older" /> : <div className={classes.empty}>{all.length === 0 ? "Nothing yet." : "That is where it began."}</div>}
      </Section>
    </>
  );
}
