"use client";
import { Tooltip } from "@mantine/core";
import { formatSeconds } from "../../domain/shared/format.ts";
import { useLiveStatus } from "../providers/live.tsx";
import { useNow } from "../ui/now.ts";
import classes from "./shell.module.css";

const SAYS = {
  live: "Changes appear as they happen.",
  paused: "Updates rest while this tab is hidden.",
  connecting: "Connecting to live updates.",
  reconnecting: "No live updates: the server cannot be reached. What you see may be old; it refreshes by itself once the connection is back.",
};

/** Whether what is on screen follows what happens. */
export function LiveDot() {
  const status = useLiveStatus();
  const now = useNow();
  const word = status.state === "reconnecting" ? `reconnecting ${formatSeconds(Math.max(0, Math.floor((now - status.since) / 1000)))}` : status.state;
  return (
    <Tooltip label={SAYS[status.state]}>
      <span className={classes.live} tabIndex={0} role="img" aria-label={`Live updates: ${status.state}`}>
        <span className={classes.dot} data-state={status.state} />
        <span className={status.state === "live" ? classes.liveWord : undefined} suppressHydrationWarning>{word}</span>
      </span>
    </Tooltip>
  );
}
