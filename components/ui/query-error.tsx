"use client";
import { Button } from "@mantine/core";
import { WhyBox } from "./why-box.tsx";

interface ApiError {
  message: string;
  data?: { code?: string; requestId?: string | null } | null;
}

/** A part of a page that could not be had: what failed, the way to try again, the request id. */
export function ErrorBox({ what, error, retry }: { what: string; error: unknown; retry?: () => void }) {
  const { message, data } = error as ApiError;
  return (
    <WhyBox
      tone="bad"
      title={what}
      detail={<>{message}{data?.requestId && <> Request <code>{data.requestId}</code>.</>}</>}
      action={retry && <Button variant="default" onClick={retry}>Try again</Button>}
    />
  );
}
