import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { WebSocketServer } from "ws";
import type { ServerClient } from "../identity/client.ts";
import type { Openings } from "./openings.ts";
import { Tunnels } from "./tunnels.ts";

it("dials a server that is wanted again while its last tunnel is still being given up", async () => {
  let dialled = 0;
  const client = { ban: null, origin: "http://127.0.0.1:9", headersFor: () => ((dialled += 1), new Promise<never>(() => {})) } as unknown as ServerClient;
  const tunnels = new Tunnels(client, { terminals: { close: () => {} } } as unknown as Openings);
  tunnels.want(["server-one"]);
  tunnels.want(["server-one"]);
  expect(dialled).toBe(1);
  tunnels.want([]);
  tunnels.want(["server-one"]);
  expect(dialled).toBe(2);
  tunnels.close();
});

it("keeps no tunnel that was given up while it was dialled", async () => {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  const closed = new Promise<void>((resolve) => server.once("connection", (socket) => socket.once("close", () => resolve())));
  const signed = Promise.withResolvers<Record<string, string>>();
  const client = { ban: null, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, headersFor: () => signed.promise } as unknown as ServerClient;
  const tunnels = new Tunnels(client, { terminals: { close: () => {} } } as unknown as Openings);
  tunnels.want(["server-one"]);
  tunnels.want([]);
  signed.resolve({});
  await closed;
  server.close();
});
