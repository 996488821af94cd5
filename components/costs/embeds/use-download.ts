"use client";
import { useCallback, useEffect, useRef, useState } from "react";
import type { EmbeddedReport } from "../../../domain/costs/embed-view.ts";
import type { EmbedAccess } from "./use-embed-session.ts";

const RENEWING = "renewing";
const SAYS: Record<string, string> = {
  [RENEWING]: "The session had ended. The page around this frame is asked for a new one…",
  refused: "This page may not download the figures any more. Who runs it finds the reason in the log of the Drover server.",
  slow_down: "Too many looks at once. Try the file again in a moment.",
  unreachable: "Drover cannot be reached just now: there is no file.",
};

/**
 * The report's figures as a file. A session that is over, as after the computer slept, is refused like one that may not:
 * so a first refusal asks for a new session, which gets the file, and only the second one is the answer.
 * @returns what is to be said while there is no file.
 */
export function useDownload({ access, renew }: { access: EmbedAccess; renew: () => void }): { says: string | null; download: (report: EmbeddedReport) => void } {
  const [problem, setProblem] = useState<string | null>(null);
  /** What is got as soon as there is another session. */
  const waiting = useRef<EmbeddedReport | null>(null);
  useEffect(() => {
    const report = waiting.current;
    waiting.current = null;
    if (report) void save(access, report).then(setProblem);
  }, [access]);
  const download = useCallback(
    (report: EmbeddedReport) =>
      void save(access, report).then((failed) => {
        if (failed !== "refused") return setProblem(failed);
        waiting.current = report;
        setProblem(RENEWING);
        renew();
      }),
    [access, renew],
  );
  return { says: problem === null ? null : (SAYS[problem] ?? SAYS.refused!), download };
}

/** By way of memory: the session is in a header, and in no address. @returns why there is no file; null where there is one. */
async function save({ get }: EmbedAccess, { id, from, to }: EmbeddedReport): Promise<string | null> {
  try {
    const answer = await get(`/api/embed/export?id=${id}`);
    if (answer.status >= 500) return "unreachable";
    if (!answer.ok) return ((await answer.json()) as { error: string }).error;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = `costs-${from}-${to}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
    return null;
  } catch {
    return "unreachable";
  }
}
