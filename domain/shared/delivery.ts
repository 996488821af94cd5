/** Tries of one delivery to somebody else's server: at once, then after growing pauses, an hour in all. */
export const DELIVERY_TRIES = 8;
/** Seconds before the next try. @param tries that were made. */
export const retryAfterSeconds = (tries: number): number => Math.min(1800, 30 * 2 ** Math.max(0, tries - 1));

/** Why a webhook must not be sent there; null when the URL itself is fine. Where its name leads is checked when it is sent. */
export function webhookUrlProblem(text: string): string | null {
  if (text.length > 500 || !URL.canParse(text)) return "Webhook URL must be a valid URL of at most 500 characters.";
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") return `Invalid webhook URL scheme: ${url.protocol.slice(0, -1)}. Allowed schemes are: https, http.`;
  return url.username || url.password ? "A webhook URL must not carry a user or a password: use a secret." : null;
}
