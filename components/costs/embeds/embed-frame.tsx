"use client";
import { Button } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { spanName } from "../../../domain/costs/days.ts";
import { rateWords, spendIn } from "../../../domain/costs/display-currency.ts";
import type { EmbeddedReport } from "../../../domain/costs/embed-view.ts";
import { narrowedWords } from "../../../domain/costs/spend-filter.ts";
import { Money } from "../money.tsx";
import { SpendChart, SpendGroups } from "../spend-parts.tsx";
import { Stand } from "../costs-stand.tsx";
import { useDownload } from "./use-download.ts";
import { type Looks, useLooks } from "./use-looks.ts";
import { type EmbedAccess, PASSING, tellParent, useEmbedSession } from "./use-embed-session.ts";
import classes from "./embeds.module.css";

const SAYS: Record<string, string> = {
  refused: "This page may not show the report. Who runs it finds the reason in the log of the Drover server.",
  expired: "The page's token had expired. Reload the page.",
  slow_down: "Too many looks at once. Reload in a moment.",
  unreachable: "Drover cannot be reached just now.",
};

/** One report, in a frame on another site. Its session lives in this component and nowhere else. */
export function EmbedFrame({ client, report, scheme, looks, locale, currency }: { client: string; report: string | null; scheme: string | null; looks: Looks; currency: string | null; locale: string | null }) {
  const { state, origin, renew } = useEmbedSession(client);
  const box = useRef<HTMLElement>(null);
  const density = useLooks(looks, scheme, state.kind === "open" ? state.access.session : null, origin);
  useHeight(box, origin);
  return (
    <main ref={box} className={classes.frame} data-density={density}>
      {state.kind === "waiting" && <p className="dim" aria-live="polite">Waiting for the page around this frame to sign in…</p>}
      {state.kind === "failed" && <p role="alert">{SAYS[state.code] ?? SAYS.refused}</p>}
      {state.kind === "open" && <Shown access={state.access} report={report} origin={origin} locale={locale} currency={currency} renew={renew} />}
    </main>
  );
}

/** Tells the page around how high the report is, so that it never scrolls inside. */
function useHeight(box: React.RefObject<HTMLElement | null>, origin: string | null): void {
  useEffect(() => {
    if (!box.current || origin === null) return;
    const observer = new ResizeObserver(() => tellParent(origin, { type: "resize", height: Math.ceil(box.current?.getBoundingClientRect().height ?? 0) }));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, [box, origin]);
}

function Shown({ access, report, origin, locale, currency, renew }: { access: EmbedAccess; report: string | null; origin: string | null; currency: string | null; locale: string | null; renew: () => void }) {
  const { session } = access;
  const id = session.reports.find((one) => one.id === report)?.id ?? (report === null ? session.reports[0]?.id : undefined);
  const [shown, setShown] = useState<EmbeddedReport | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const file = useDownload({ access, renew });
  useEffect(() => {
    if (id === undefined) return setFailed("refused");
    let isWanted = true;
    void read(access, id, currency).then((answer) => {
      if (!isWanted) return;
      if ("error" in answer) {
        setFailed(answer.error);
        return tellParent(origin, { type: "error", code: answer.error });
      }
      setFailed(null);
      setShown(answer);
      tellParent(origin, { type: "loaded", report: id });
    });
    return () => {
      isWanted = false;
    };
  }, [access, id, currency, origin]);
  if (failed && !(shown && PASSING.has(failed))) return <p role="alert">{SAYS[failed] ?? SAYS.refused} <Button variant="default" size="compact-sm" onClick={renew}>Try again</Button></p>;
  if (!shown) return <p className="dim" aria-live="polite">Loading…</p>;
  const { display } = shown;
  const spend = display ? spendIn(shown.spend, display) : shown.spend;
  return (
    <>
      <header className={classes.head}>
        <h1>{shown.title}</h1>
        {session.capabilities.includes("csv") && <Button variant="default" size="compact-sm" onClick={() => file.download(shown)}>CSV</Button>}
      </header>
      {file.says && <p role="alert">{file.says}</p>}
      <p className={classes.total}><Money amount={spend.amount} currency={spend.currency} locale={locale} /><small>from {spanName(shown.from, shown.to)}{display && <>, <Money amount={shown.spend.amount} currency={shown.spend.currency} locale={locale} /> in the books. {rateWords(display, shown.spend.currency)}</>}</small></p>
      {spend.narrowed.length > 0 && <p className="dim">Only {narrowedWords(spend.narrowed)}.</p>}
      <SpendChart spend={spend} from={shown.from} to={shown.to} locale={locale} />
      <SpendGroups spend={spend} locale={locale} />
      {shown.minGroup !== null && <p className="dim">Only what {shown.minGroup} or more people make up is shown, once its day is complete: smaller groups are joined as Others, or left out.</p>}
      <Stand stand={spend} of={spend} locale={locale} />
    </>
  );
}

async function read({ get }: EmbedAccess, id: string, currency: string | null): Promise<EmbeddedReport | { error: string }> {
  try {
    const answer = (await (await get(`/api/embed/report?${new URLSearchParams({ id, ...(currency ? { currency } : {}) }).toString()}`)).json()) as EmbeddedReport | { error: string };
    if ("error" in answer) return answer;
    const { completeTo } = answer.spend;
    return { ...answer, spend: { ...answer.spend, completeTo: completeTo && new Date(completeTo) } };
  } catch {
    return { error: "unreachable" };
  }
}
