"use client";
import { Button } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { ExchangeRateView, PriceBookView, PriceLineView, RepricedRow } from "../../domain/costs/cost-view.ts";
import { dayName } from "../../domain/costs/days.ts";
import { KIND_LABEL, KIND_UNIT } from "../../domain/costs/metering.ts";
import { priceWords } from "../../domain/costs/money.ts";
import { monthName } from "../../domain/costs/period.ts";
import { type PriceSpan, priceSpans } from "../../domain/costs/price-span.ts";
import { useTRPC } from "../providers/api.tsx";
import { useCan, useOrg } from "../providers/viewer.tsx";
import { type Column, DataTable } from "../table/data-table.tsx";
import { DialogButton } from "../ui/dialog-button.tsx";
import { DownloadMenu } from "../ui/download-menu.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Name } from "../ui/id.tsx";
import { Section } from "../ui/page-header.tsx";
import { Ago, Moment } from "../ui/time.tsx";
import { AddPriceForm } from "./add-price.tsx";
import { AddRateForm } from "./add-rate.tsx";
import { pricesUrl } from "./costs-params.ts";
import { CostsFrame } from "./costs-frame.tsx";
import { ImportPricesForm } from "./import-prices.tsx";
import { Money } from "./money.tsx";

/** The price book: lines are added, never changed, so that a report of last month can still be read. */
export function PricesPage() {
  const book = useSuspenseQuery(useTRPC().costs.prices.queryOptions()).data;
  const may = useCan("costs:manage");
  const org = useOrg();
  const spans = useMemo(() => priceSpans(book.lines), [book.lines]);
  const columns: Column<PriceLineView>[] = [
    { key: "kind", title: "Of", width: 180, render: (line) => <>{KIND_LABEL[line.kind]}{line.model && <span className="dim"> · {line.model}</span>}</> },
    { key: "cluster", title: "Cluster", hideBelow: "sm", render: (line) => (line.cluster ? <Name value={line.cluster} max={28} /> : <span className="dim">any</span>) },
    { key: "class", title: "Class", hideBelow: "md", render: (line) => line.capacityClass ?? <span className="dim">any</span> },
    { key: "from", title: "Holds from", grow: true, hideBelow: "xs", render: (line) => <Holds from={line.validFrom} span={spans.get(line)!} /> },
    { key: "note", title: "Note", hideBelow: "xl", render: (line) => (line.note ? <Name value={line.note} max={32} /> : <span className="dim">—</span>) },
    { key: "by", title: "Added", align: "right", hideBelow: "lg", render: (line) => <>{line.createdBy} · <Ago at={line.createdAt} /></> },
    { key: "version", title: "Version", align: "right", hideBelow: "md", render: (line) => line.version },
    { key: "price", title: "Price", align: "right", render: (line) => (line.unitPrice === null ? <span className="dim">ended</span> : <>{priceWords(line.unitPrice)} {line.currency} <span className="dim">/ {KIND_UNIT[line.kind]}</span></>) },
  ];
  const acts = (
    <>
      {book.lines.length > 0 && <DownloadMenu urlOf={(format) => pricesUrl(org, format)} />}
      <DialogButton variant="default" label="Import" title="Import prices" allowed={may} form={(close) => <ImportPricesForm onDone={close} />} />
      <DialogButton label="Add a price" allowed={may} form={(close) => <AddPriceForm book={book} onDone={close} />} />
    </>
  );
  return (
    <CostsFrame actions={acts}>
      <DataTable label="Prices" noun="price" rows={book.lines} rowKey={(line) => line.id} columns={columns} empty={<EmptyState title="No prices yet" action={may.ok ? undefined : <Button variant="default" disabled>Ask who has the role Billing</Button>}>An hour of an accelerator, a core or a GiB costs nothing until somebody says what. A price may begin in the past: what was metered since then is rated anew, and the old entries stay.</EmptyState>} />
      <Rates book={book} />
      <Repriced currency={book.currency} />
    </CostsFrame>
  );
}

/** From when to when: what another line has replaced stays in the book, and says so. */
function Holds({ from, span: { until, replacedBy } }: { from: Date; span: PriceSpan }) {
  return <><Moment at={from} />{replacedBy !== null ? <span className="dim">, replaced by version {replacedBy}</span> : until && <span className="dim"> until <Moment at={until} /></span>}</>;
}

/** What other currencies are worth, for prices that are in them. */
function Rates({ book }: { book: PriceBookView }) {
  const may = useCan("costs:manage");
  const columns: Column<ExchangeRateView>[] = [
    { key: "currency", title: "Currency", width: 80, render: (rate) => rate.currency },
    { key: "from", title: "Holds from", grow: true, render: (rate) => dayName(rate.validFrom) },
    { key: "note", title: "Note", hideBelow: "xl", render: (rate) => (rate.note ? <Name value={rate.note} max={32} /> : <span className="dim">—</span>) },
    { key: "by", title: "Added", align: "right", hideBelow: "lg", render: (rate) => <>{rate.createdBy} · <Ago at={rate.createdAt} /></> },
    { key: "version", title: "Version", align: "right", hideBelow: "md", render: (rate) => rate.version },
    { key: "rate", title: "Worth", align: "right", render: (rate) => <><span className="dim">1 {rate.currency} = </span>{rate.rate} {book.currency}</> },
  ];
  return (
    <Section title="Exchange rates" count={book.rates.length} actions={<DialogButton size="compact-sm" variant="default" label="Add a rate" allowed={may} form={(close) => <AddRateForm currency={book.currency} onDone={close} />} />}>
      <DataTable label="Exchange rates" rows={book.rates} rowKey={(rate) => rate.id} columns={columns} flat keys={false} empty={<EmptyState title="Every price is in one currency">With a rate, prices may be in another one. An hour is rated by the rate of its UTC day; one that begins in the past rates what was metered since anew, as a price does.</EmptyState>} />
    </Section>
  );
}

/** What prices that began in the past changed, and for whom. */
function Repriced({ currency }: { currency: string }) {
  const rows = useSuspenseQuery(useTRPC().costs.repriced.queryOptions()).data;
  const columns: Column<RepricedRow>[] = [
    { key: "version", title: "Version", width: 80, render: (row) => row.version },
    { key: "project", title: "Project", grow: true, render: (row) => <Name value={row.project} max={32} /> },
    { key: "months", title: "Hours of", hideBelow: "md", render: (row) => (row.from === row.to ? monthName(row.from) : `${monthName(row.from)} to ${monthName(row.to)}`) },
    { key: "before", title: "Charged before", align: "right", hideBelow: "sm", render: (row) => <Money amount={row.before} currency={currency} /> },
    { key: "after", title: "Charged now", align: "right", hideBelow: "sm", render: (row) => <Money amount={row.after} currency={currency} /> },
    { key: "difference", title: "Difference", align: "right", render: (row) => <Money amount={row.difference} currency={currency} /> },
  ];
  return (
    <Section title="What versions changed" count={rows.length}>
      <DataTable label="What versions changed" rows={rows} rowKey={(row) => `${row.version} ${row.projectId}`} columns={columns} flat keys={false} empty={<EmptyState title="Nothing was rated twice">When a price or a rate begins in the past, this says what it changed for each project. Reports of months that were closed keep their figures: the difference is booked in the first open month.</EmptyState>} />
    </Section>
  );
}
