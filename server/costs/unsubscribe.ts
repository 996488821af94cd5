import { z } from "zod";
import { CostScheduleId } from "../../domain/shared/ids.ts";
import { env } from "../../env.ts";
import { seal, unseal } from "../access/secrets.ts";

export const UNSUBSCRIBE_PATH = "/api/costs/unsubscribe";
const PURPOSE = "end of a scheduled report";

/** One address on the list of one schedule. */
const Subscription = z.strictObject({ scheduleId: CostScheduleId, recipient: z.string() });
export type MailSubscription = z.output<typeof Subscription>;

/** A link that ends it, for whoever has it; sealed, since addresses do not belong into logs of addresses. Another one each time. */
export function unsubscribeLink(of: MailSubscription): string {
  const token = Buffer.from(seal(JSON.stringify(of), PURPOSE), "base64").toString("base64url");
  return new URL(`${UNSUBSCRIBE_PATH}?of=${token}`, env().DROVER_URL).href;
}

/** @returns null for a link that this server did not make. */
export function openUnsubscribeLink(token: string | undefined): MailSubscription | null {
  const opened = token ? unseal(token, PURPOSE) : null; // Node reads both alphabets of base64
  return opened === null ? null : Subscription.parse(JSON.parse(opened));
}
