import type { WebhookEvent } from "../../../domain/models/webhooks.ts";
import { unseal } from "../../access/secrets.ts";
import type { WebhookRow } from "../queries/webhooks.ts";
import { sendMessage, type Sent } from "../../webhook-sender.ts";
import { SECRET_PURPOSE } from "./webhooks.ts";

/** What an event's message looks like, for a receiver that is being set up. */
const EXAMPLES: Record<WebhookEvent, Record<string, unknown>> = {
  "registered_model.created": { name: "example_model", tags: { example_key: "example_value" }, description: "An example registered model" },
  "model_version.created": { name: "example_model", version: "1", source: "models:/123", run_id: "abcd1234abcd5678", tags: { example_key: "example_value" }, description: "An example model version" },
  "model_version_tag.set": { name: "example_model", version: "1", key: "example_key", value: "example_value" },
  "model_version_tag.deleted": { name: "example_model", version: "1", key: "example_key" },
  "model_version_alias.created": { name: "example_model", alias: "example_alias", version: "1" },
  "model_version_alias.deleted": { name: "example_model", alias: "example_alias" },
};

/** Sends one example now, signed like any other. */
export const testWebhook = ({ url, secret }: WebhookRow, event: WebhookEvent, id: string): Promise<Sent> =>
  sendMessage({ id, url, event, at: new Date(), data: EXAMPLES[event], secret: secret === null ? null : unseal(secret, SECRET_PURPOSE) });
