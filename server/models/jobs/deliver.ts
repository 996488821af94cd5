import type { Sql } from "postgres";
import { DELIVERY_TRIES, retryAfterSeconds } from "../../../domain/shared/delivery.ts";
import { unseal } from "../../access/secrets.ts";
import { SECRET_PURPOSE } from "../commands/webhooks.ts";
import { sendMessage } from "../../webhook-sender.ts";

const AT_ONCE = 20;
/** A worker that dies while it sends: another takes the message up again after this. */
const LEASE_SECONDS = 60;
const KEPT_DAYS = 30;

interface Due {
  id: string;
  event: string;
  data: Record<string, unknown>;
  at: Date;
  tries: number;
  url: string;
  secret: string | null;
}

/**
 * Sends what is due, each message at least once: its id stays the same over all tries, so a receiver can tell a repeat.
 * @returns how many were taken.
 */
export async function deliverDue(sql: Sql): Promise<number> {
  let taken = 0;
  for (;;) {
    const due = await claim(sql);
    taken += due.length;
    await Promise.all(due.map((one) => deliver(sql, one)));
    if (due.length < AT_ONCE) return taken;
  }
}

/**
 * Claimed by moving on the moment of the next try: no lock is held while the network is waited for. What a webhook that was switched
 * off still has to say waits aside: counted among the first ones due, it would keep everybody else's back.
 */
function claim(sql: Sql): Promise<Due[]> {
  return sql<Due[]>`
    update webhook_deliveries d set tries = d.tries + 1, next_at = now() + ${LEASE_SECONDS} * interval '1 second'
    from webhooks h
    where h.id = d.webhook_id and d.id in (
      select due.id from webhook_deliveries due join webhooks on webhooks.id = due.webhook_id and webhooks.status = 'ACTIVE'
      where due.next_at <= now() order by due.next_at limit ${AT_ONCE} for update of due skip locked)
    returning d.id, d.event, d.data, d.at, d.tries, h.url, h.secret`;
}

async function deliver(sql: Sql, due: Due): Promise<void> {
  const sent = await sendMessage({ ...due, secret: due.secret === null ? null : unseal(due.secret, SECRET_PURPOSE) });
  const error = sent.error?.slice(0, 500) ?? null;
  if (sent.ok) await sql`update webhook_deliveries set sent_at = now(), next_at = null, last_status = ${sent.status}, last_error = null where id = ${due.id}`;
  else if (due.tries >= DELIVERY_TRIES) await sql`update webhook_deliveries set next_at = null, last_status = ${sent.status}, last_error = ${error} where id = ${due.id}`;
  else await sql`update webhook_deliveries set next_at = now() + ${retryAfterSeconds(due.tries)} * interval '1 second', last_status = ${sent.status}, last_error = ${error} where id = ${due.id}`;
}

export async function forgetOldDeliveries(sql: Sql): Promise<void> {
  await sql`delete from webhook_deliveries where next_at is null and at < now() - ${KEPT_DAYS} * interval '1 day'`;
}
