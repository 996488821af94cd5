"use client";
import { Button } from "@mantine/core";
import classes from "./ui.module.css";

/** The next page of a list by cursor. */
export interface More {
  hasMore: boolean;
  loading: boolean;
  /** The last try failed; what was there before stays. */
  failed: boolean;
  load: () => void;
}

/** Asks for the next page, and for one that did not come again. */
export function LoadMore({ more, words = "Load more" }: { more: More; words?: string }) {
  if (!more.hasMore) return null;
  return (
    <span className={classes.more}>
      {more.failed && <span role="alert">More could not be loaded.</span>}
      <Button variant="default" onClick={more.load} loading={more.loading}>{more.failed ? "Try again" : words}</Button>
    </span>
  );
}
