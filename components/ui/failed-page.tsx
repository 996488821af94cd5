"use client";
import { useQueryErrorResetBoundary } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useTransition } from "react";
import { NotFoundPage } from "./not-found-page.tsx";
import classes from "./ui.module.css";

interface Failure extends Error {
  digest?: string;
  data?: { code?: string; requestId?: string | null } | null;
}

/** Light on purpose: every page loads it, hardly one shows it. A page that could not be shown: what failed, the way to try again, what to quote. `home`: where to go instead. */
export function FailedPage({ error, reset, home }: { error: Failure; reset: () => void; home: string }) {
  const router = useRouter();
  const { reset: resetQueries } = useQueryErrorResetBoundary();
  const [isTrying, startTransition] = useTransition();
  if (error.data?.code === "NOT_FOUND") return <NotFoundPage home={home} />;
  const retry = () =>
    startTransition(() => {
      resetQueries();
      router.refresh();
      reset();
    });
  const quote = error.data?.requestId ?? error.digest;
  const isDenied = error.data?.code === "FORBIDDEN";
  return (
    <div className={classes.empty} role="alert">
      <h1 className={classes.emptyTitle}>{isDenied ? "You may not see this page" : "This page could not be loaded"}</h1>
      {/* A server component's error carries no words in production, only a digest. */}
      <div className={classes.emptyText}>{error.data ? error.message : "The server failed on it. Nothing was changed; trying again is safe."}</div>
      {quote && <div className={classes.emptyText}>Request <code>{quote}</code></div>}
      <div className={classes.emptyButtons}>
        <button type="button" className={classes.plainButton} onClick={retry} disabled={isTrying}>{isTrying ? "Trying again …" : "Try again"}</button>
        <a href={home} className={classes.plainButton}>Go to the overview</a>
      </div>
    </div>
  );
}
