import { z } from "zod";
import { CostScheduleId } from "../shared/ids.ts";
import { webhookUrlProblem } from "../shared/delivery.ts";
import { Currency } from "./inputs.ts";
import { isReport, isWebhook, SCHEDULE_SCOPES, SUBSCRIPTIONS } from "./report-schedule.ts";

const MOST_RECIPIENTS = 20;
const Address = z.string().trim().toLowerCase().pipe(z.email("Write it as name@example.com, or https://… for a webhook.").max(254));
const Webhook = z.string().trim().superRefine((url, ctx) => {
  const problem = webhookUrlProblem(url);
  if (problem) ctx.addIssue({ code: "custom", message: problem });
});
/** An address, or the URL of a webhook. */
const Recipient = z.string().transform((text, ctx) => {
  const parsed = (isWebhook(text) ? Webhook : Address).safeParse(text);
  if (parsed.success) return parsed.data;
  ctx.addIssue({ code: "custom", message: parsed.error.issues[0]!.message });
  return z.NEVER;
});
const Recipients = z
  .array(Recipient)
  .min(1, "Name at least one address.")
  .max(MOST_RECIPIENTS, `At most ${MOST_RECIPIENTS} addresses.`)
  .transform((all) => [...new Set(all)]);

/** Amounts are shown in it as well; null: only in the organization's own. */
const Shown = Currency.nullable().default(null);

export const CreateSchedule = z.strictObject({
  cadence: z.enum(SUBSCRIPTIONS),
  scope: z.strictObject({ type: z.enum(SCHEDULE_SCOPES), id: z.string().min(1, "Choose whose costs it is about.").max(64) }),
  recipients: Recipients,
  currency: Shown,
}).refine(({ cadence, currency }) => isReport(cadence) || currency === null, { message: "What is told when it happens is told in the organization's own currency.", path: ["currency"] });
export type CreateSchedule = z.output<typeof CreateSchedule>;
/** What it is about stays: a report of something else is another one. */
export const ChangeSchedule = z.strictObject({ id: CostScheduleId, recipients: Recipients, currency: Shown });
export type ChangeSchedule = z.output<typeof ChangeSchedule>;
export const OneSchedule = z.strictObject({ id: CostScheduleId });
export const PauseSchedule = OneSchedule.extend({ paused: z.boolean() });
export type PauseSchedule = z.output<typeof PauseSchedule>;
