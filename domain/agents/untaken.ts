/** An agent takes an attempt within milliseconds of hearing of it. One that speaks to us and leaves it this long will not take it. */
export const TAKE_SECONDS = 120;
/** Why such an attempt is asked to stop, beside `cancelled` and `preempted`. */
export const UNTAKEN = "untaken";

/** What is known of an attempt that its agent has never reported. Unix ms, all by one clock. */
export interface Offer {
  assignedAt: number;
  /** Since when its agent has been in contact without a gap. */
  contactSince: number;
  /** Since when servers have listened without a gap. */
  listeningSince: number;
  lastSeenAt: number;
}

/** Since when the agent could have taken it. Silence on either side starts the count anew: it proves nothing. */
export const offeredSince = ({ assignedAt, contactSince, listeningSince }: Offer): number => Math.max(assignedAt, contactSince, listeningSince);

/** Whether it was on offer long enough to an agent that is in contact even now. */
export function isLeftUntaken(offer: Offer, now: number, leaseSeconds: number): boolean {
  return now - offer.lastSeenAt < leaseSeconds * 1000 && now - offeredSince(offer) >= TAKE_SECONDS * 1000;
}

/** What people read when it is withdrawn, and the evidence beside it. */
export function untakenSays(offer: Offer, now: number, agent: { cluster: string; hostname: string }): { message: string; detail: string } {
  const iso = (at: number) => new Date(at).toISOString();
  const seconds = Math.round((now - offeredSince(offer)) / 1000);
  return {
    message: `The agent of ${agent.cluster} was in contact for ${seconds} s and never took the run, so the attempt is withdrawn.`,
    detail: `Offered to the agent on ${agent.hostname} from ${iso(offeredSince(offer))} to ${iso(now)}; last word from it at ${iso(offer.lastSeenAt)}; it reported nothing of this attempt. Its own log on that machine says what hinders it.`,
  };
}
