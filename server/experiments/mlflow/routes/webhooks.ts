import { randomUUID } from "node:crypto";
import { z } from "zod";
import { WEBHOOK_EVENTS, WEBHOOK_STATUSES, type WebhookEvent } from "../../../../domain/models/webhooks.ts";
import { webhookUrlProblem } from "../../../../domain/shared/delivery.ts";
import { createWebhook, deleteWebhook, updateWebhook } from "../../../models/commands/webhooks.ts";
import { testWebhook } from "../../../models/commands/test-webhook.ts";
import { findWebhook, listWebhooks, type WebhookRow } from "../../../models/queries/webhooks.ts";
import type { MlflowCtx } from "../caller.ts";
import { MlflowError, refuse } from "../errors.ts";
import { type MlflowRoute, route } from "../mount.ts";
import { OptionalInt, OptionalText, Text } from "../wire.ts";
import { checkLimit } from "./registered-models.ts";

const MANAGE = { permission: "models:promote" } as const;

const Event = z.object({ entity: Text, action: Text });
const Fields = z.object({ name: OptionalText, description: OptionalText, url: OptionalText, events: z.array(Event).nullish(), secret: OptionalText, status: z.enum(WEBHOOK_STATUSES).nullish() });
const Id = z.object({ webhook_id: Text });

export const webhookRoutes: MlflowRoute[] = [
  route("POST", "webhooks", MANAGE, Fields, create),
  route("GET", "webhooks", MANAGE, z.object({ max_results: OptionalInt, page_token: OptionalText }), list),
  route("GET", "webhooks/:webhook_id", MANAGE, Id, async (ctx, { webhook_id }) => ({ webhook: toWire(await webhookOf(ctx, webhook_id)) })),
  route("PATCH", "webhooks/:webhook_id", MANAGE, Fields.extend(Id.shape), update),
  route("DELETE", "webhooks/:webhook_id", MANAGE, Id, async (ctx, { webhook_id }) => {
    await deleteWebhook(ctx, await webhookOf(ctx, webhook_id));
    return {};
  }),
  route("POST", "webhooks/:webhook_id/test", MANAGE, Id.extend({ event: Event.nullish() }), test),
];

async function webhookOf(ctx: MlflowCtx, id: string): Promise<WebhookRow> {
  const row = await findWebhook(ctx.db, ctx.project.id, id);
  if (!row) throw new MlflowError("RESOURCE_DOES_NOT_EXIST", `Webhook with ID ${id} not found.`);
  return row;
}

function eventOf({ entity, action }: z.output<typeof Event>): WebhookEvent {
  const name = `${entity}.${action}`.toLowerCase();
  return WEBHOOK_EVENTS.find((one) => one === name) ?? refuse(`Invalid event: action '${action}' of entity '${entity}'. Valid ones: ${WEBHOOK_EVENTS.join(", ")}.`);
}

function toWire(row: WebhookRow) {
  return {
    webhook_id: row.id,
    name: row.name,
    url: row.url,
    events: row.events.map((event) => {
      const [entity, action] = event.toUpperCase().split(".");
      return { entity, action };
    }),
    ...(row.description ? { description: row.description } : {}),
    status: row.status,
    creation_timestamp: row.createdAt.getTime(),
    last_updated_timestamp: row.updatedAt.getTime(),
  };
}

function checkName(name: string | undefined): string {
  if (!name || !/^[\w.-]{1,63}$/.test(name)) return refuse(`Webhook name '${name ?? ""}' is invalid. It must have 1 to 63 letters, digits, dots, dashes or underscores.`);
  return name;
}

function checkUrl(url: string | undefined): string {
  const problem = webhookUrlProblem(url ?? "");
  return problem ? refuse(problem) : url!;
}

function checkEvents(events: z.output<typeof Event>[] | null | undefined): WebhookEvent[] {
  return events && events.length > 0 ? [...new Set(events.map(eventOf))] : refuse("Webhook events must not be empty.");
}

async function create(ctx: MlflowCtx, input: z.output<typeof Fields>) {
  const webhook = await createWebhook(ctx, ctx.project.id, { name: checkName(input.name), url: checkUrl(input.url), events: checkEvents(input.events), description: input.description?.slice(0, 1000) || null, status: input.status ?? "ACTIVE", secret: input.secret || null });
  return { webhook: toWire(webhook) };
}

async function update(ctx: MlflowCtx, input: z.output<typeof Fields> & { webhook_id: string }) {
  const before = await webhookOf(ctx, input.webhook_id);
  const webhook = await updateWebhook(ctx, before, {
    ...(input.name === undefined ? {} : { name: checkName(input.name) }),
    ...(input.url === undefined ? {} : { url: checkUrl(input.url) }),
    ...(input.events && input.events.length > 0 ? { events: checkEvents(input.events) } : {}),
    ...(input.description === undefined ? {} : { description: input.description.slice(0, 1000) || null }),
    ...(input.status ? { status: input.status } : {}),
    ...(input.secret ? { secret: input.secret } : {}),
  });
  return { webhook: toWire(webhook) };
}

async function list(ctx: MlflowCtx, input: { max_results?: number | undefined; page_token?: string | undefined }) {
  const limit = checkLimit(input.max_results, 100, 1000);
  const rows = await listWebhooks(ctx.db, ctx.project.id, { after: input.page_token || null, limit: limit + 1 });
  const shown = rows.slice(0, limit);
  return { webhooks: shown.map(toWire), ...(rows.length > limit ? { next_page_token: shown.at(-1)!.id } : {}) };
}

async function test(ctx: MlflowCtx, { webhook_id, event }: { webhook_id: string; event?: z.output<typeof Event> | null | undefined }) {
  const row = await webhookOf(ctx, webhook_id);
  const sent = await testWebhook(row, event ? eventOf(event) : (row.events[0] as WebhookEvent), randomUUID());
  return { result: { success: sent.ok, ...(sent.status === null ? {} : { response_status: sent.status }), ...(sent.body ? { response_body: sent.body } : {}), ...(sent.error ? { error_message: sent.error } : {}) } };
}
