"use client";
import { useSuspenseInfiniteQuery } from "@tanstack/react-query";
import { BY_CURSOR, moreOf } from "../access/pages.ts";
import { useTRPC } from "../providers/api.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { LoadMore } from "../ui/load-more.tsx";
import type { Tone } from "../ui/status-tones.ts";
import { Timeline } from "../ui/timeline.tsx";
import { eventsInput } from "./events-input.ts";

const TONES: Record<string, Tone> = { "version.stage": "good", "alias.set": "good", "alias.removed": "warn", "alias.moved": "neutral", "version.deleted": "bad" };

/** Who registered, promoted and changed what, when. */
export function ModelTimeline({ id, version }: { id: string; version?: number }) {
  const trpc = useTRPC();
  const query = useSuspenseInfiniteQuery(trpc.models.events.infiniteQueryOptions(eventsInput(id, version), BY_CURSOR));
  const events = query.data.pages.flatMap((page) => page.items);
  if (events.length === 0) return <EmptyState title="Nothing has happened yet">Registrations, promotions and changes appear here with who made them.</EmptyState>;
  return (
    <>
      <Timeline label="Model timeline" events={events.map((event) => ({ id: event.id, at: event.at, message: event.message, actor: event.actor, tone: TONES[event.kind] ?? "neutral" }))} />
      <LoadMore more={moreOf(query)} words="Load older" />
    </>
  );
}
