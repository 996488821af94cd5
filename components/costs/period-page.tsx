"use client";
import { Anchor, Button, Menu, Select } from "@mantine/core";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import { useQueryStates } from "nuqs";
import Link from "next/link";
import { monthName, type PeriodCheck } from "../../domain/costs/period.ts";
import { displayNote, displayOf, type ReportDisplay } from "../../domain/costs/display-currency.ts";
import type { PeriodLine, PeriodView } from "../../domain/costs/period-view.ts";
import { useTRPC } from "../providers/api.tsx";
import { useCan, useOrg } from "../providers/viewer.tsx";
import { paths } from "../../paths.ts";
import { type Column, DataTable } from "../table/data-table.tsx";
import { confirmAct } from "../ui/confirm.tsx";
import { DownloadItem, DownloadMenu } from "../ui/download-menu.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Guarded } from "../ui/guarded.tsx";
import { Name } from "../ui/id.tsx";
import { notifyDone, notifyError } from "../ui/notify.ts";
import { PageHeader, Section } from "../ui/page-header.tsx";
import { ToneIcon } from "../ui/status-badge.tsx";
import type { StatusIcon, Tone } from "../ui/status-tones.ts";
import { Ago } from "../ui/time.tsx";
import { Stand } from "./costs-stand.tsx";
import { periodParams, statementPdfUrl, statementUrl } from "./costs-params.ts";
import { FocusMenu } from "./focus-menu.tsx";
import { Money } from "./money.tsx";
import { PeriodState } from "./period-state.tsx";
import classes from "./costs.module.css";

/** One month's books: who owes what, what is in the way of the close, and the close itself. */
export function PeriodPage({ period }: { period: string }) {
  const org = useOrg();
  const view = useSuspenseQuery(useTRPC().costs.period.queryOptions({ period })).data;
  const money = (amount: string) => <Money amount={amount} currency={view.currency} />;
  const rate = useShownRate(view);
  const display = rate && displayOf(view.lines.map(({ amount }) => amount), rate);
  return (
    <>
      <PageHeader title={monthName(period)} breadcrumbs={[{ label: "Costs", href: paths.costs(org) }, { label: "Periods", href: paths.periods(org) }]} badge={<PeriodState state={view.state} />} actions={<><Statement view={view} currency={rate?.currency ?? null} /><FocusMenu period={period} /><CloseActs view={view} /></>} />
      <p className={classes.total}>{money(view.amount)}{display && <small>{displayNote(display, view.currency)}</small>}</p>
      <Stand stand={view} of={view}>
        <span>Corrections of closed months: {money(view.corrections)}</span>
        {view.closedAt && <span>Closed by {view.closedBy} <Ago at={view.closedAt} />, asked for by {view.requestedBy}</span>}
      </Stand>
      {view.checks.length > 0 && <Section title="Before the close"><ul className={classes.checks} aria-label="Checks">{view.checks.map((check) => <Check key={check.name} check={check} />)}</ul></Section>}
      <Section title="Statement" count={view.lines.length} actions={<ShownSelect view={view} />}>
        <DataTable label="Statement" rows={view.lines} rowKey={(row) => row.projectId || "idle"} columns={linesOf(view, display)} flat keys={false} empty={<EmptyState title="Nothing is booked in this month">Hours are booked as they are rated.</EmptyState>} />
        <p className={classes.stand}><span>Rounded to cents, the lines add up to {money(view.roundedTotal)}.</span></p>
      </Section>
    </>
  );
}

function lookOf({ ok, early }: PeriodCheck): { icon: StatusIcon; tone: Tone } {
  if (ok) return { icon: "check", tone: "good" };
  return early ? { icon: "clock", tone: "neutral" } : { icon: "cross", tone: "bad" };
}

function Check({ check }: { check: PeriodCheck }) {
  const org = useOrg();
  return (
    <li>
      <ToneIcon {...lookOf(check)} />
      <span>{check.name}{check.problem && <span className="dim">: {check.problem}{check.at && <> <Anchor component={Link} inherit underline="always" href={paths.reviews(org)}>Look at them</Anchor></>}</span>}</span>
    </li>
  );
}

/** The currency in the URL, where there is a rate of it. */
function useShownRate({ rates }: PeriodView) {
  const [{ currency }] = useQueryStates(periodParams);
  return rates.find((one) => one.currency === currency) ?? null;
}

function ShownSelect({ view: { currency: own, rates } }: { view: PeriodView }) {
  const [{ currency }, setParams] = useQueryStates(periodParams);
  if (rates.length === 0) return null;
  return <Select aria-label="Shown in" size="xs" w={150} data={[{ value: own, label: `In ${own} only` }, ...rates.map((one) => ({ value: one.currency, label: `In ${one.currency} as well` }))]} value={rates.some((one) => one.currency === currency) ? currency : own} allowDeselect={false} onChange={(next) => void setParams({ currency: next === own ? null : next })} />;
}

const linesOf = ({ currency, lines }: PeriodView, display: ReportDisplay | null): Column<PeriodLine>[] => [
  { key: "project", title: "Project", grow: true, render: (row) => (row.projectId === "" ? <span className="dim" title="Capacity that nobody held">Idle</span> : <Name value={row.project} max={40} />) },
  { key: "team", title: "Team", hideBelow: "sm", render: (row) => (row.team ? <Name value={row.team} max={28} /> : <span className="dim">—</span>) },
  { key: "corrections", title: "Corrections", align: "right", hideBelow: "sm", render: (row) => <Money amount={row.corrections} currency={currency} /> },
  { key: "amount", title: "Cost", align: "right", render: (row) => <Money amount={row.rounded} currency={currency} /> },
  ...(display ? [{ key: "shown", title: `In ${display.currency}`, align: "right" as const, render: (row: PeriodLine) => <span className="dim"><Money amount={display.rows[lines.indexOf(row)]!} currency={display.currency} /></span> }] : []),
];

function Statement({ view: { period, lines }, currency }: { view: PeriodView; currency: string | null }) {
  const org = useOrg();
  const teams = new Map(lines.flatMap(({ teamId, team }) => (teamId === null ? [] : [[teamId, team] as const])));
  return (
    <DownloadMenu label="Statement" urlOf={(format) => statementUrl(org, format, period, currency)}>
      <DownloadItem href={statementPdfUrl(org, period, currency)}>PDF</DownloadItem>
      {teams.size > 0 && <Menu.Label>PDF of one team</Menu.Label>}
      {[...teams].map(([id, name]) => <DownloadItem key={id} href={statementPdfUrl(org, period, currency, id)}>{name}</DownloadItem>)}
    </DownloadMenu>
  );
}

function CloseActs({ view }: { view: PeriodView }) {
  const trpc = useTRPC();
  const { period } = view;
  const may = useCan("costs:manage");
  const failed = notifyError(`${monthName(period)} was not changed`);
  const request = useMutation(trpc.costs.requestClose.mutationOptions({ onSuccess: () => notifyDone("Asked for. Somebody else now closes it."), onError: failed }));
  const withdraw = useMutation(trpc.costs.withdrawClose.mutationOptions({ onError: failed }));
  const close = useMutation(trpc.costs.closePeriod.mutationOptions({ onSuccess: () => notifyDone(`${monthName(period)} is closed.`), onError: failed }));
  if (view.state === "closed") return null;
  const blocked = view.checks.find(({ ok }) => !ok);
  const ready = !may.ok || !blocked ? may : { ok: false as const, reason: `${blocked.name}: no. ${blocked.problem}` };
  if (view.state === "open") return <Guarded allowed={ready}><Button loading={request.isPending} onClick={() => request.mutate({ period })}>Ask for the close</Button></Guarded>;
  const other = ready.ok && view.isOwnRequest ? { ok: false as const, reason: "You asked for the close yourself. Somebody else must close it." } : ready;
  const ask = () => confirmAct({ title: `Close ${monthName(period)}?`, effect: "For good. What comes later, such as a late journal or a price that begins in the past, is booked as a correction in an open month.", verb: "Close month", onConfirm: () => close.mutate({ period }) });
  return (
    <>
      <Guarded allowed={may}><Button variant="default" loading={withdraw.isPending} onClick={() => withdraw.mutate({ period })}>Withdraw</Button></Guarded>
      <Guarded allowed={other}><Button loading={close.isPending} onClick={ask}>Close month</Button></Guarded>
    </>
  );
}
