/** What a webhook can be told about, as MLflow names it: `<entity>.<action>`. */
export const WEBHOOK_EVENTS = [
  "registered_model.created",
  "model_version.created",
  "model_version_tag.set", "model_version_tag.deleted",
  "model_version_alias.created", "model_version_alias.deleted",
] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

export const WEBHOOK_STATUSES = ["ACTIVE", "DISABLED"] as const;
export type WebhookStatus = (typeof WEBHOOK_STATUSES)[number];

/** Why a webhook must not be sent there; null when the URL itself is fine. Where its name leads is checked when it is sent. */
export function webhookUrlProblem(text: string): string | null {
  if (text.length > 500 || !URL.canParse(text)) return "Webhook URL must be a valid URL of at most 500 characters.";
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") return `Invalid webhook URL scheme: ${url.protocol.slice(0, -1)}. Allowed schemes are: https, http.`;
  return url.username || url.password ? "A webhook URL must not carry a user or a password: use a secret." : null;
}
