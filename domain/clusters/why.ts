import { plural } from "../shared/format.ts";
import type { ClusterDetail } from "./cluster-view.ts";

/** Why a cluster takes no work, in words, and the one best thing to do. */
export interface ClusterWhy {
  tone: "neutral" | "warn" | "bad";
  title: string;
  since: Date | null;
  /** It goes on: "Silent for 2 h" instead of "Revoked 2 h ago". */
  lasts?: true;
  detail: string;
  act: "new-code" | "revoke" | "undrain" | "none";
}

type Facts = Pick<ClusterDetail, "reachability" | "drainedAt" | "drain" | "liveAttempts" | "openCodeUntil" | "agent">;

/** Everything that keeps work away, the gravest first. Empty: the cluster can be reached and takes work. */
export function clusterWhys(cluster: Facts): ClusterWhy[] {
  const whys: ClusterWhy[] = [];
  const reach = whyUnreached(cluster);
  if (reach) whys.push(reach);
  if (cluster.drainedAt && cluster.drain) {
    const { by, reason } = cluster.drain;
    const goesOn = cluster.liveAttempts > 0 ? `${plural(cluster.liveAttempts, "run")} ${cluster.liveAttempts === 1 ? "goes" : "go"} on to the end; nothing new is placed.` : "Nothing runs on it and nothing new is placed.";
    whys.push({ tone: "warn", title: `Drained${by ? ` by ${by}` : ""}${reason ? `: ${reason}` : ""}`, since: cluster.drainedAt, detail: goesOn, act: "undrain" });
  }
  return whys;
}

function whyUnreached({ reachability: { state, since }, liveAttempts, openCodeUntil, agent }: Facts): ClusterWhy | null {
  const runs = plural(liveAttempts, "run");
  const held = liveAttempts === 0 ? "It held no run." : `Its ${runs} ${liveAttempts === 1 ? "is" : "are"} held: nothing is restarted elsewhere unless the retry policy of the run says so.`;
  const host = agent?.host["hostname"];
  switch (state) {
    case "reachable":
      return null;
    case "unreachable":
      return { tone: "warn", title: "Silent", since, lasts: true, detail: `${held} Processes go on without the connection. Look whether ${host ?? "the agent's machine"} is up, the agent runs, and it can reach this server.`, act: "none" };
    case "revoked":
      return { tone: "bad", title: "Its agent was revoked", since, detail: `The cluster takes no work. ${liveAttempts === 0 ? "" : `${runs} may go on there unseen. `}To bring it back, enrol an agent with a new code.`, act: "new-code" };
    case "cloned":
      return { tone: "bad", title: "A second copy of its agent's identity tried to connect, so both are locked", since, detail: `Look for the copy: a cloned disk, a restored image, an agent started twice from one folder. Then revoke this identity and enrol again on the one machine that should have it. ${liveAttempts === 0 ? "" : `Its ${runs} ${liveAttempts === 1 ? "is" : "are"} held until then.`}`.trim(), act: "revoke" };
    case "never":
      return agent
        ? { tone: "neutral", title: "The agent is enrolled but has not joined yet", since, detail: "Start it on its machine with: node drover-agent.mjs run", act: "none" }
        : { tone: "neutral", title: "No agent has connected yet", since: null, detail: openCodeUntil ? "An enrolment code is open. If you no longer have the command, ask for a new one." : "Its enrolment code was not used in time. Ask for a new one and run the command on the cluster's machine.", act: "new-code" };
  }
}
