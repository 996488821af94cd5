"use client";
import { Button } from "@mantine/core";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import { lazy } from "react";
import type { EmbedClientView, EmbedReportView } from "../../../domain/costs/embed-view.ts";
import { RANGES } from "../../../domain/costs/days.ts";
import { SPEND_BY_LABEL } from "../../../domain/costs/spend-by.ts";
import { narrowedWords } from "../../../domain/costs/spend-filter.ts";
import { plural } from "../../../domain/shared/format.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useCan } from "../../providers/viewer.tsx";
import { type Column, DataTable } from "../../table/data-table.tsx";
import { confirmAct } from "../../ui/confirm.tsx";
import { DialogButton } from "../../ui/dialog-button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Id, Name } from "../../ui/id.tsx";
import { notifyDone, notifyError } from "../../ui/notify.ts";
import { Section } from "../../ui/page-header.tsx";
import { Ago } from "../../ui/time.tsx";
import { CostsFrame } from "../costs-frame.tsx";
import { ClientMenu } from "./client-menu.tsx";

const PublishForm = lazy(() => import("./publish-form.tsx").then((module) => ({ default: module.PublishForm })));
const ClientForm = lazy(() => import("./client-form.tsx").then((module) => ({ default: module.ClientForm })));

/** Which reports other sites may show, and which sites those are. */
export function EmbedsPage() {
  const view = useSuspenseQuery(useTRPC().costs.embeds.queryOptions()).data;
  const may = useCan("embeds:manage");
  const live = view.reports.filter((one) => one.withdrawnAt === null);
  const needsReport = live.length > 0 ? may : { ok: false as const, reason: "Publish a report first." };
  return (
    <CostsFrame>
      <Section title="Published reports" count={live.length} actions={<DialogButton size="compact-sm" variant="default" label="Publish a report" allowed={may} width={440} form={(close) => <PublishForm onDone={close} />} />}>
        <DataTable label="Published reports" rows={live} rowKey={(row) => row.id} columns={REPORTS} flat keys={false} empty={<EmptyState title="No report is published">A published report can be shown in other sites, by those that are named below and by nobody else. One of a narrowed view is published from the page of spend.</EmptyState>} />
      </Section>
      <Section title="Sites" count={view.clients.length} actions={<DialogButton size="compact-sm" variant="default" label="Add a site" allowed={needsReport} width={560} form={(close) => <ClientForm view={view} client={null} onDone={close} />} />}>
        <DataTable
          label="Sites"
          rows={view.clients}
          rowKey={(row) => row.id}
          columns={[...CLIENTS, { key: "acts", title: "", align: "right", width: 44, render: (row) => <ClientMenu client={row} view={view} /> }]}
          flat
          keys={false}
          empty={<EmptyState title="No site may show a report">A site signs a short token with its own key, of which you paste the public half here. It can never show more than what you allow it.</EmptyState>}
        />
      </Section>
    </CostsFrame>
  );
}

const REPORTS: Column<EmbedReportView>[] = [
  { key: "title", title: "Report", grow: true, render: (row) => <Name value={row.title} max={40} /> },
  { key: "shows", title: "Shows", hideBelow: "sm", render: (row) => `Spend by ${SPEND_BY_LABEL[row.by].toLowerCase()}, last ${plural(RANGES[row.range], "day")}${row.narrowed.length > 0 ? `; only ${narrowedWords(row.narrowed)}` : ""}` },
  { key: "id", title: "Id", hideBelow: "md", render: (row) => <Id value={row.id} /> },
  { key: "by", title: "Published", align: "right", hideBelow: "md", render: (row) => <>{row.createdBy} · <Ago at={row.createdAt} /></> },
  { key: "acts", title: "", align: "right", render: (row) => <Withdraw report={row} /> },
];

function Withdraw({ report }: { report: EmbedReportView }) {
  const withdraw = useMutation(useTRPC().costs.withdrawReport.mutationOptions({ onSuccess: () => notifyDone(`${report.title} is shown nowhere any more.`), onError: notifyError(`${report.title} was not withdrawn`) }));
  const ask = () => confirmAct({ title: `Withdraw ${report.title}?`, effect: "Every site stops showing it at once. It cannot be put back; publish it anew instead.", verb: "Withdraw report", onConfirm: () => withdraw.mutate({ id: report.id }) });
  return <Button variant="default" size="compact-sm" onClick={ask}>Withdraw</Button>;
}

const CLIENTS: Column<EmbedClientView>[] = [
  { key: "name", title: "Site", width: 180, render: (row) => <><Name value={row.name} max={24} />{row.disabledAt && <span className="dim"> · disabled</span>}</> },
  { key: "origins", title: "At", grow: true, hideBelow: "sm", render: (row) => <Name value={row.origins.join(", ")} max={48} /> },
  { key: "scope", title: "Sees", hideBelow: "md", render: (row) => `${row.projectIds === null ? "every project" : plural(row.projectIds.length, "project")}${row.mustFilter ? " that a token names" : ""}, ${plural(row.reportIds.length, "report")}${row.minGroup === null ? "" : `, groups of ${row.minGroup}`}` },
  { key: "id", title: "Id", hideBelow: "lg", render: (row) => <Id value={row.id} /> },
  { key: "used", title: "Last used", align: "right", hideBelow: "xs", render: (row) => (row.lastUsedAt ? <Ago at={row.lastUsedAt} /> : <span className="dim">never</span>) },
];
