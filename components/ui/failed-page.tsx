"use client";
import { Button } from "@mantine/core";
import { useQueryErrorResetBoundary } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { startTransition } from "react";
import { ERROR_ADVICE } from "../../domain/shared/errors.ts";
import { EmptyState } from "./empty-state.tsx";
import { Id } from "./id.tsx";

interface Failure extends Error {
  digest?: string;
  data?: { code?: string; requestId?: string | null } | null;
}

/** A page that could not be shown: what failed, the way to try again, what to quote. `home`: where to go instead. */
export function FailedPage({ error, reset, home }: { error: Failure; reset: () => void; home: string }) {
  const router = useRouter();
  const { reset: resetQueries } = useQueryErrorResetBoundary();
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
    <EmptyState
      title={isDenied ? "You may not see this page" : "This page could not be loaded"}
      action={<div style={{ display: "flex", gap: 8 }}><Button onClick={retry}>Try again</Button><Button component={Link} href={home} variant="default">Go to the overview</Button></div>}
    >
      {/* A server component's error carries no words in production, only a digest. */}
      {error.data ? error.message : "The server failed on it. Nothing was changed; trying again is safe."}
      {quote && <div style={{ marginTop: 8 }}>Request <Id value={quote} max={36} label="Copy request id" /></div>}
    </EmptyState>
  );
}

/** For what is missing and what is another's: one answer. */
export function NotFoundPage({ home }: { home: string }) {
  return (
    <EmptyState title="There is nothing here" action={<Button component={Link} href={home} variant="default">Go to the overview</Button>}>
      {ERROR_ADVICE.not_found} Check the address, and the organization at its start.
    </EmptyState>
  );
}
