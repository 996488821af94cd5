"use client";
import { Button } from "@mantine/core";
import { WhyBox } from "./why-box.tsx";
import { type ApiFailure, failureWords } from "./failure-words.ts";

/** A part of a page that could not be had: what failed, the way to try again, the request id. */
export function ErrorBox({ what, error, retry }: { what: string; error: unknown; retry?: () => void }) {
  const { data } = error as ApiFailure;
  return (
    <WhyBox
      tone="bad"
      title={what}
      detail={<>{failureWords(error)}{data?.requestId && <> Request <code>{data.requestId}</code>.</>}</>}
      action={retry && <Button variant="default" onClick={retry}>Try again</Button>}
    />
  );
}
