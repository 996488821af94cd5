import { createServer, type Server } from "node:http";
import { performServerHandshake } from "node:http2";
import { connect, createServer as createTcpServer } from "node:net";
import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createWebSocketStream, WebSocket } from "ws";
import { OPEN_HEADER } from "../agent/protocol/messages.ts";
import { Tunnels } from "./tunnels.ts";
import { openUpgrades, upgradeOf } from "./upgrades.ts";

const servers: Server[] = [];
let near: number;
let far: number;

async function serve(app: Hono): Promise<number> {
  const server = createServer();
  const upgrades = openUpgrades(app);
  server.on("upgrade", (request, socket, head) => void upgrades.handle(request, socket, head));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as { port: number }).port;
}

beforeAll(async () => {
  far = await serve(new Hono()
    .get("/echo", (c) => upgradeOf(c)!.accept((socket) => socket.on("message", (data) => socket.send(`${c.req.header("x-signed")} ${String(data)}`))))
    .get("/no", (c) => c.json({ error: "forbidden" }, 403)));
  near = await serve(new Hono().get("/echo", (c) => upgradeOf(c)!.forward(`http://127.0.0.1:${far}`)).get("/gone", (c) => upgradeOf(c)!.forward("http://127.0.0.1:1")));
});
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

function say(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers: { "x-signed": "as it came" } });
    socket.once("open", () => socket.send("hello")).once("error", reject);
    socket.once("message", (data) => {
      resolve(String(data));
      socket.close();
    });
  });
}

describe("a request for a WebSocket", () => {
  it("is accepted by its route", async () => {
    expect(await say(far, "/echo")).toBe("as it came hello");
  });

  it("is handed on to another server with its headers untouched, so that signatures hold", async () => {
    expect(await say(near, "/echo")).toBe("as it came hello");
  });

  it("is handed on to a server that is named by an IPv6 address", async () => {
    const six = createServer();
    const relay = openUpgrades(new Hono().get("/echo", (c) => upgradeOf(c)!.accept((socket) => socket.on("message", (data) => socket.send(`six ${String(data)}`)))));
    six.on("upgrade", (request, socket, head) => void relay.handle(request, socket, head));
    servers.push(six);
    await new Promise<void>((resolve) => six.listen(0, "::1", resolve));
    const to = await serve(new Hono().get("/echo", (c) => upgradeOf(c)!.forward(`http://[::1]:${(six.address() as { port: number }).port}`)));
    expect(await say(to, "/echo")).toBe("six hello");
  });

  it("is handed on encrypted to a server that is reached by https", async () => {
    const heard = Promise.withResolvers<Buffer>();
    const tls = createTcpServer((socket) => socket.once("data", (bytes) => {
      heard.resolve(bytes);
      socket.destroy();
    }));
    await new Promise<void>((resolve) => tls.listen(0, "127.0.0.1", resolve));
    const to = await serve(new Hono().get("/echo", (c) => upgradeOf(c)!.forward(`https://localhost:${(tls.address() as { port: number }).port}`)));
    await expect(say(to, "/echo")).rejects.toThrow();
    expect([...(await heard.promise).subarray(0, 2)]).toEqual([0x16, 0x03]); // a TLS handshake, and not the request
    tls.close();
  });

  it("whose asker left meanwhile, or asked in a wrong way, leaves nothing open behind", async () => {
    const heard: string[] = [];
    let goOn = () => {};
    const held = new Promise<void>((resolve) => (goOn = resolve));
    const port = await serve(new Hono().get("/slow", async (c) => {
      heard.push("asked");
      await held;
      return upgradeOf(c)!.accept(() => heard.push("taken"), () => heard.push("let go"));
    }));
    const head = (key: string) => `GET /slow HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`;
    const raw = connect(port, "127.0.0.1", () => raw.write(head("dGhlIHNhbXBsZSBub25jZQ==")));
    await vi.waitFor(() => expect(heard).toEqual(["asked"]));
    raw.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    goOn();
    await vi.waitFor(() => expect(heard).toEqual(["asked", "let go"]));
    const wrong = connect(port, "127.0.0.1", () => wrong.write(head("no key"))).on("error", () => {});
    await vi.waitFor(() => expect(heard).toEqual(["asked", "let go", "asked", "let go"]));
    wrong.destroy();
  });

  it("gets the route's own refusal, and one where the other server is away or no route is there", async () => {
    await expect(say(far, "/no")).rejects.toThrow(/403/);
    await expect(say(near, "/gone")).rejects.toThrow(/502/);
    await expect(say(near, "/nothing")).rejects.toThrow(/404/);
  });
});

describe("the tunnels of a server", () => {
  /** An agent that dials when it is told to, and answers streams by what they ask. */
  async function withAgent(answer: (opening: { kind: string }) => { status: number; text: string }) {
    const wishes: string[] = [];
    let dial = () => {};
    const tunnels = new Tunnels({
      want: async (clusterId) => {
        wishes.push(`want ${clusterId}`);
        dial();
      },
      keep: async () => {},
      drop: async (clusterId) => void wishes.push(`drop ${clusterId}`),
    });
    const port = await serve(new Hono().get("/tunnel", (c) => upgradeOf(c)!.accept((socket) => tunnels.accept("cl_1", "agt_1", socket))));
    dial = () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/tunnel`);
      socket.once("open", () => {
        const bytes = createWebSocketStream(socket).on("error", () => {});
        performServerHandshake(bytes).on("error", () => {}).on("stream", (stream, headers) => {
          stream.on("error", () => {});
          const { status, text } = answer(JSON.parse(String(headers[OPEN_HEADER])) as { kind: string });
          stream.respond({ ":status": status });
          stream.end(text);
        });
      });
      socket.on("error", () => {});
    };
    return { tunnels, wishes };
  }
  const opening = { kind: "port", attemptId: "att_1", fence: "1" } as const;
  const textOf = async (stream: AsyncIterable<Buffer>) => {
    let text = "";
    for await (const part of stream) text += part.toString();
    return text;
  };

  it("are dialled by the agent when somebody needs one, once for all who wait", async () => {
    const { tunnels, wishes } = await withAgent(() => ({ status: 200, text: "inside" }));
    const streams = await Promise.all([1, 2, 3].map(() => tunnels.stream("cl_1", opening)));
    expect(await Promise.all(streams.map(textOf))).toEqual(["inside", "inside", "inside"]);
    await tunnels.stream("cl_1", opening).then(textOf);
    expect(new Set(wishes)).toEqual(new Set(["want cl_1"]));
    expect(wishes.length).toBeLessThanOrEqual(3); // the fourth found it open
    tunnels.close();
    expect(wishes.at(-1)).toBe("drop cl_1");
  });

  it("pass on the agent's refusal in its own words", async () => {
    const { tunnels } = await withAgent(() => ({ status: 403, text: "policy.json, interactive: nobody is let in." }));
    await expect(tunnels.stream("cl_1", opening)).rejects.toThrow("policy.json, interactive: nobody is let in.");
    tunnels.close();
  });

  it("are gone at once when the agent is revoked", async () => {
    const { tunnels } = await withAgent(() => ({ status: 200, text: "inside" }));
    await tunnels.stream("cl_1", opening).then(textOf);
    const cut = tunnels.stream("cl_1", opening);
    tunnels.forget("agt_1");
    await expect(cut.then(textOf)).rejects.toThrow();
    tunnels.close();
  });
});
