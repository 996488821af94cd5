import { expect, it } from "vitest";
import { type AgentSigns, reachability } from "./reachability.ts";

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute));
const well: AgentSigns = { createdAt: at(0), joinedOnce: true, lastSeenAt: at(5), contactSince: at(2), unreachableSince: null, fresh: true, revokedAt: null, clonedAt: null };

it.each([
  { says: "a cluster without an agent was never reached", signs: null, state: "never", since: null },
  { says: "an agent that enrolled but never joined was never reached", signs: { ...well, joinedOnce: false, lastSeenAt: null }, state: "never", since: at(0) },
  { says: "an agent that spoke within its lease is reachable since it joined or came back", signs: well, state: "reachable", since: at(2) },
  { says: "an agent past its lease is unreachable since it last spoke", signs: { ...well, fresh: false }, state: "unreachable", since: at(5) },
  { says: "the noted moment of silence goes before the last word", signs: { ...well, unreachableSince: at(6) }, state: "unreachable", since: at(6) },
  { says: "a locked identity is cloned, however fresh", signs: { ...well, clonedAt: at(7) }, state: "cloned", since: at(7) },
  { says: "a revoked identity stays revoked even when it was cloned", signs: { ...well, clonedAt: at(7), revokedAt: at(8) }, state: "revoked", since: at(8) },
])("$says", ({ signs, state, since }) => {
  expect(reachability(signs)).toEqual({ state, since });
});
