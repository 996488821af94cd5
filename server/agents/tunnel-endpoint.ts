import type { Hono, MiddlewareHandler } from "hono";
import { AGENT_PATHS } from "../../agent/protocol/messages.ts";
import { env } from "../../env.ts";
import { Tunnels } from "../tunnels.ts";
import { upgradeOf } from "../upgrades.ts";
import { sha256Hex } from "./authenticate.ts";
import { dropTunnel, keepTunnel, wantTunnel } from "./commands/tunnels.ts";
import type { Answer } from "./endpoint.ts";
import { findTunnelPeer } from "./queries.ts";
import { Refused } from "./refused.ts";
import type { AgentServices } from "./services.ts";

/** The tunnels of one server. */
export function openTunnels({ db, bus }: Pick<AgentServices, "db" | "bus">): Tunnels {
  const peerUrl = env().DROVER_PEER_URL ?? `http://127.0.0.1:${env().DROVER_PORT}`;
  const tunnels: Tunnels = new Tunnels({
    want: (clusterId) => wantTunnel(db, bus, { clusterId, serverId: tunnels.serverId, peerUrl }),
    keep: (clusterId) => keepTunnel(db, clusterId, tunnels.serverId),
    drop: (clusterId) => dropTunnel(db, bus, clusterId, tunnels.serverId),
  });
  return tunnels;
}

/** Where an agent dials the server that it was told to. Behind a balancer it may come in at another one, which hands it on. */
export function mountTunnels(app: Hono, open: MiddlewareHandler, answer: Answer): void {
  app.get(AGENT_PATHS.tunnel(":server"), open, answer(async (c, { services, authenticator, tunnels }) => {
    const upgrade = upgradeOf(c);
    if (!upgrade) throw new Refused("bad_request", "A tunnel is a WebSocket: ask for an upgrade.");
    const server = c.req.param("server")!;
    if (server !== tunnels.serverId) {
      const peer = await findTunnelPeer(services.db, server);
      if (!peer) throw new Refused("not_found", "No server of this name wants a tunnel.");
      return upgrade.forward(peer); // unread: it checks the signature itself
    }
    const agent = await authenticator.check(c.req.raw, sha256Hex(""), "newest");
    return upgrade.accept((socket) => tunnels.accept(agent.clusterId, agent.id, socket));
  }));
}
