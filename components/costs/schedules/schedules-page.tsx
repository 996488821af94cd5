"use client";
import { useSuspenseQuery } from "@tanstack/react-query";
import { lazy } from "react";
import { CADENCE_LABEL, CADENCE_WHEN, type DeliveryState, type DeliveryView, isWebhook, type ScheduleView } from "../../../domain/costs/report-schedule.ts";
import { plural } from "../../../domain/shared/format.ts";
import { useTRPC } from "../../providers/api.tsx";
import { useCan } from "../../providers/viewer.tsx";
import { type Column, DataTable } from "../../table/data-table.tsx";
import { DialogButton } from "../../ui/dialog-button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Name } from "../../ui/id.tsx";
import { Section } from "../../ui/page-header.tsx";
import { ToneIcon } from "../../ui/status-badge.tsx";
import type { StatusIcon, Tone } from "../../ui/status-tones.ts";
import { Ago, Moment } from "../../ui/time.tsx";
import { CostsFrame } from "../costs-frame.tsx";
import classes from "../costs.module.css";
import { ScheduleMenu } from "./schedule-menu.tsx";

const AddScheduleForm = lazy(() => import("./schedule-form.tsx").then((module) => ({ default: module.AddScheduleForm })));

/** Cost reports that are mailed by themselves, and what became of each mail. */
export function SchedulesPage() {
  const { canSend, schedules, deliveries } = useSuspenseQuery(useTRPC().costs.schedules.queryOptions()).data;
  const may = useCan("costs:manage");
  const add = <DialogButton label="Schedule a report" allowed={may} form={(close) => <AddScheduleForm onDone={close} />} />;
  return (
    <CostsFrame actions={add}>
      {!canSend && (schedules.length === 0 || schedules.some(({ recipients }) => !recipients.every(isWebhook))) && <p className={classes.stand} role="status"><span>This server sends no mail yet: set <span className="mono">DROVER_SMTP</span> and <span className="mono">DROVER_MAIL_FROM</span> where it and its workers start. What is due waits an hour for it.</span></p>}
      <DataTable label="Scheduled reports" noun="schedule" rows={schedules} rowKey={(row) => row.id} columns={SCHEDULES} keys={false} empty={<EmptyState title="No report is scheduled">A statement each month, the costs of each week, as a mail with PDF and CSV, or what rose unusually and what budgets reach, when it happens; or to a webhook: of the whole organization, a team or a project, to people with or without an account.</EmptyState>} />
      {deliveries.length > 0 && <Section title="Sent" count={deliveries.length}><DataTable label="Sent" noun="report" rows={deliveries} rowKey={(row) => row.id} columns={DELIVERIES} flat keys={false} empty={null} /></Section>}
    </CostsFrame>
  );
}

const SCHEDULES: Column<ScheduleView>[] = [
  { key: "what", title: "Report", grow: true, render: (row) => <><span title={`Sent ${CADENCE_WHEN[row.cadence]}`}>{CADENCE_LABEL[row.cadence]}</span>{row.pausedAt && <span className="dim"> · paused</span>}</> },
  { key: "scope", title: "Of", hideBelow: "xs", render: (row) => <Name value={row.scope.label} max={28} /> },
  { key: "to", title: "To", hideBelow: "sm", render: (row) => <span title={row.recipients.join(", ")}>{row.recipients[0] ? <Name value={row.recipients[0]} max={28} /> : <span className="dim">nobody any more</span>}{row.recipients.length > 1 && <span className="dim"> and {plural(row.recipients.length - 1, "other")}</span>}</span> },
  { key: "by", title: "Asked for by", hideBelow: "lg", render: (row) => <Name value={row.createdByName} max={24} /> },
  { key: "last", title: "Last sent", align: "right", hideBelow: "md", render: (row) => (row.lastSentAt ? <Ago at={row.lastSentAt} /> : <span className="dim">—</span>) },
  { key: "next", title: "Next", align: "right", hideBelow: "sm", render: (row) => (row.pausedAt ? <span className="dim">—</span> : row.nextAt === null ? <span className="dim">when something does</span> : <Moment at={row.nextAt} />) },
  { key: "acts", title: "", align: "right", width: 44, render: (row) => <ScheduleMenu schedule={row} /> },
];

const LOOK: Record<DeliveryState, { word: string; tone: Tone; icon: StatusIcon }> = {
  waiting: { word: "Waits", tone: "warn", icon: "clock" },
  sent: { word: "Sent", tone: "good", icon: "check" },
  failed: { word: "Given up", tone: "bad", icon: "cross" },
};

const DELIVERIES: Column<DeliveryView>[] = [
  { key: "state", title: "State", width: 110, render: ({ state }) => <span className={classes.state}><ToneIcon icon={LOOK[state].icon} tone={LOOK[state].tone} /> {LOOK[state].word}</span> },
  { key: "what", title: "Report", grow: true, render: (row) => <>{row.title} <span className="dim">· {row.scope}</span>{row.error && <div className="dim" title={row.error}><Name value={row.error} max={90} /></div>}</> },
  { key: "to", title: "To", hideBelow: "xs", render: (row) => <Name value={row.recipient} max={32} /> },
  { key: "tries", title: "Tries", align: "right", hideBelow: "md", render: (row) => row.tries },
  { key: "at", title: "When", align: "right", hideBelow: "sm", render: (row) => <Ago at={row.sentAt ?? row.at} /> },
];
