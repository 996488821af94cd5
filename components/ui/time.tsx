"use client";
import { Tooltip } from "@mantine/core";
import { useSyncExternalStore } from "react";
import { formatAgo, formatSeconds } from "../../domain/shared/format.ts";
import { useNow } from "./now.ts";

const TO_THE_MINUTE: Intl.DateTimeFormatOptions = { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" };

/** Date, time and zone: the reader's own, for what only the browser draws, such as tooltips. */
export const absoluteTime = (at: Date, timeZone?: string): string => new Intl.DateTimeFormat("en-GB", { ...TO_THE_MINUTE, second: "2-digit", timeZone }).format(at);

/** The same without seconds, for what begins or ends on a minute: hours, prices, schedules. */
const minuteTime = (at: Date, timeZone?: string): string => new Intl.DateTimeFormat("en-GB", { ...TO_THE_MINUTE, timeZone }).format(at);

const nothingChanges = () => () => {};

/** UTC until the browser has taken the page over, since the server does not know the reader's zone; then undefined, the reader's own. */
export const useZone = (): string | undefined => useSyncExternalStore(nothingChanges, () => undefined, () => "UTC");

/** Date, time and zone as text of a page. */
export function Moment({ at, to = "minute" }: { at: Date; to?: "minute" | "second" }) {
  const zone = useZone();
  return <span className="nowrap">{to === "minute" ? minuteTime(at, zone) : absoluteTime(at, zone)}</span>;
}

/** Relative and live; absolute with the zone on hover. `—` for null. */
export function Ago({ at, prefix }: { at: Date | null | undefined; prefix?: string }) {
  const now = useNow();
  if (!at) return <span className="dim">—</span>;
  const seconds = (at.getTime() - now) / 1000;
  // Clocks of browser and server differ by a little: what just happened is never in the future.
  const text = formatAgo(seconds > 0 && seconds < 5 ? 0 : seconds);
  return (
    <Tooltip label={absoluteTime(at)}>
      <time dateTime={at.toISOString()} suppressHydrationWarning style={{ whiteSpace: "nowrap" }}>
        {prefix ? `${prefix} ${text}` : text}
      </time>
    </Tooltip>
  );
}

/** How long something took, or has taken so far when `to` is null. `—` before it began. */
export function Duration({ from, to }: { from: Date | null | undefined; to?: Date | null }) {
  return from && !to ? <LiveDuration from={from} /> : <span style={{ whiteSpace: "nowrap" }}>{from && to ? formatSeconds(Math.max(0, (to.getTime() - from.getTime()) / 1000)) : "—"}</span>;
}

function LiveDuration({ from }: { from: Date }) {
  const now = useNow();
  return (
    <span suppressHydrationWarning style={{ whiteSpace: "nowrap" }}>
      {formatSeconds(Math.max(0, Math.floor((now - from.getTime()) / 1000)))}
    </span>
  );
}
