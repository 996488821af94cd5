import { and, eq, sql } from "drizzle-orm";
import type { Db } from "../../../db/client.ts";
import { orgs } from "../../../db/schema/access.ts";
import { costDeliveries, costSchedules } from "../../../db/schema/schedules.ts";
import { type CostNotice, isBudgetNotice } from "../../../domain/costs/cost-notice.ts";
import { type CostReport, displayed } from "../../../domain/costs/cost-report.ts";
import { isReport, isWebhook, lastDue, spanOfDue } from "../../../domain/costs/report-schedule.ts";
import { DELIVERY_TRIES, retryAfterSeconds } from "../../../domain/shared/delivery.ts";
import { env } from "../../../env.ts";
import { paths } from "../../../paths.ts";
import type { Bus } from "../../bus.ts";
import { type Mail, sendMail } from "../../mail.ts";
import { sendMessage } from "../../webhook-sender.ts";
import { addDeliveries, scheduleSecret } from "../commands/schedules.ts";
import { displayRate } from "../queries/display-rate.ts";
import { readReport } from "../queries/report.ts";
import { noticeMail } from "../notice-mail.ts";
import { renderMail, reportFiles } from "../report-mail.ts";
import { unsubscribeLink } from "../unsubscribe.ts";
import { eachSchedule, type Schedule } from "./each-schedule.ts";
import { planBudgets } from "./plan-budgets.ts";
import { planRises } from "./plan-rises.ts";

/** A worker that dies while it sends: another takes the mail up again after this. */
const LEASE_SECONDS = 300;
const KEPT_DAYS = 400;
const REPORT_EVENT = "cost_report.sent";
const RISE_EVENT = "cost_rise.found";
const BUDGET_EVENT = "cost_budget.reached";

/** Sends what is due, each at least once: its Message-ID, or a webhook's delivery id, stays the same, so that a repeat can be told. @returns how many were tried. */
export async function sendReports({ db, bus }: { db: Db; bus: Bus }, now: number): Promise<number> {
  await planReports(db, now);
  await planRises(db);
  await planBudgets(db);
  let tried = 0;
  const orgs = new Set<string>();
  const made: Made = { key: null, prepared: null };
  for (let due = await claim(db); due; due = await claim(db)) {
    await deliver(db, made, due, now);
    orgs.add(due.org);
    tried += 1;
  }
  await bus.publishNow([...orgs].map((orgId) => ({ orgId, topic: "costs", id: orgId })));
  await db.execute(sql`delete from ${costDeliveries} where ${costDeliveries.nextAt} is null and ${costDeliveries.createdAt} < now() - make_interval(days => ${KEPT_DAYS})`);
  return tried;
}

/** Whatever was due since the schedule began, of which the newest only: after a long rest nobody wants ten reports. Once: who is added later gets the next one. */
async function planReports(db: Db, now: number): Promise<void> {
  await eachSchedule(db, "planning reports", undefined, (schedule) => planReport(db, schedule, now));
}

async function planReport(db: Db, schedule: Schedule, now: number): Promise<void> {
  const { id, cadence } = schedule;
  if (!isReport(cadence)) return;
  const due = new Date(lastDue(cadence, now));
  if (due <= schedule.dueAfter || (await db.$count(costDeliveries, and(eq(costDeliveries.scheduleId, id), eq(costDeliveries.dueAt, due)))) > 0) return;
  await db.transaction((tx) => addDeliveries(tx, schedule, due, spanOfDue(cadence, due.getTime())));
}

interface Due extends Record<string, unknown> {
  id: string;
  tries: number;
  recipient: string;
  from: string;
  to: string;
  schedule: string;
  org: string;
  notice: CostNotice | null;
}

/** One, when it is its turn, so that its lease is its own. Claimed by moving on the moment of the next try: no lock is held while the network is waited for. */
async function claim(db: Db): Promise<Due | undefined> {
  const [due] = await db.execute<Due>(sql`
    update cost_deliveries d set tries = d.tries + 1, next_at = now() + ${LEASE_SECONDS} * interval '1 second'
    where d.id = (select id from cost_deliveries where next_at <= now() order by next_at, id limit 1 for update skip locked)
    returning d.id, d.tries, d.recipient, d.from_day as from, d.to_day as to, d.schedule_id as schedule, d.org_id as org, d.notice`);
  return due;
}

/** Whoever took longer than the lease has no say any more: `tries` tells who took it up last. */
async function deliver(db: Db, made: Made, due: Due, now: number): Promise<void> {
  const error = await send(db, made, due, now).then(() => null, (failure: unknown) => (failure instanceof Error ? failure.message : String(failure)));
  const next = error !== null && due.tries < DELIVERY_TRIES ? sql`now() + ${retryAfterSeconds(due.tries)} * interval '1 second'` : sql`null`;
  await db.execute(sql`update cost_deliveries set sent_at = ${error === null ? sql`now()` : sql`null`}, next_at = ${next}, error = ${error?.slice(0, 500) ?? null} where id = ${due.id} and tries = ${due.tries}`);
}

/** A report and the mail of it, of the same days of the same schedule: made once for all its recipients that follow each other. */
interface Prepared {
  event: string;
  data: (CostReport | CostNotice) & { link: string };
  /** Only where somebody gets it as a mail: its PDF takes a while, and is made once. */
  mail: (unsubscribe: string) => Promise<Omit<Mail, "to">>;
}
interface Made {
  key: string | null;
  prepared: Promise<Prepared> | null;
}

async function prepare(db: Db, due: Due, now: number): Promise<Prepared> {
  const [found] = await db.select({ schedule: costSchedules, slug: orgs.slug }).from(costSchedules).innerJoin(orgs, eq(orgs.id, costSchedules.orgId)).where(eq(costSchedules.id, due.schedule));
  if (!found) throw new Error("Its schedule was deleted.");
  const { schedule, slug } = found;
  const here = env().DROVER_URL;
  const why = `You get this because ${schedule.createdByName} asked for it. It is changed or ended at ${new URL(paths.schedules(slug), here).href}.`;
  const { notice } = due;
  const { cadence } = schedule;
  if (notice || !isReport(cadence)) return prepareNotice(notice, (path) => new URL(path(slug), here).href, why);
  const rate = await displayRate(db, schedule.orgId, schedule.currency, due.to);
  const report = displayed(await readReport(db, schedule.orgId, { cadence, scope: { type: schedule.scopeType, id: schedule.scopeId }, span: { from: due.from, to: due.to } }, now), rate);
  const link = new URL(cadence === "monthly" ? paths.period(slug, due.from.slice(0, 7)) : paths.costs(slug), here).href;
  let files: ReturnType<typeof reportFiles> | undefined;
  return { event: REPORT_EVENT, data: { ...report, link }, mail: async (unsubscribe) => ({ ...renderMail(report, { link, why, unsubscribe }), attachments: await (files ??= reportFiles(report, new Date(now))) }) };
}

function prepareNotice(notice: CostNotice | null, linkTo: (path: (slug: string) => string) => string, why: string): Prepared {
  if (!notice) throw new Error("It says nothing of what happened.");
  const isBudget = isBudgetNotice(notice);
  const link = linkTo(isBudget ? paths.budgets : paths.advice);
  return { event: isBudget ? BUDGET_EVENT : RISE_EVENT, data: { ...notice, link }, mail: async (unsubscribe) => noticeMail(notice, { link, why, unsubscribe }) };
}

/** @throws Error that says why it was not taken. */
async function send(db: Db, made: Made, due: Due, now: number): Promise<void> {
  const key = `${due.schedule} ${due.from} ${due.notice?.key ?? ""}`;
  if (made.key !== key) Object.assign(made, { key, prepared: prepare(db, due, now) });
  const { event, data, mail } = await made.prepared!;
  if (!isWebhook(due.recipient)) return sendMail({ ...(await mail(unsubscribeLink({ scheduleId: due.schedule, recipient: due.recipient }))), to: due.recipient, messageId: `<${due.id}@${new URL(env().DROVER_URL).hostname}>` });
  const { error } = await sendMessage({ id: due.id, url: due.recipient, event, at: new Date(now), data: { ...data }, secret: scheduleSecret(due.schedule) });
  if (error !== null) throw new Error(error);
}
