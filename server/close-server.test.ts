import { Agent, createServer, get, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { closeServer } from "./close-server.ts";

/** Longer than a test may take: what ends in time was not cut. */
const PATIENT_MS = 600_000;

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
let server: Server;
afterEach(() => {
  agent.destroy();
  server.closeAllConnections();
});

const ask = () => new Promise<string>((resolve, reject) => get({ agent, port: (server.address() as AddressInfo).port }, (answer) => {
  let text = "";
  answer.on("data", (piece: Buffer) => (text += piece.toString())).on("end", () => resolve(text)).on("error", reject);
}).on("error", reject));

/** Listens. `arrived`: the first request, to be answered. */
async function serve(answer: (response: ServerResponse) => unknown = () => {}): Promise<{ arrived: Promise<ServerResponse> }> {
  const arrived = new Promise<ServerResponse>((resolve) => {
    server = createServer((_request, response) => {
      answer(response);
      resolve(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { arrived };
}

describe("a server that stops", () => {
  it("gives the answer that a connection waits for, and then lets go of it", async () => {
    const { arrived } = await serve();
    const waiting = ask();
    const response = await arrived;
    const closed = closeServer(server, PATIENT_MS);
    response.end("at last");
    expect(await waiting).toBe("at last");
    await closed;
  });

  it("is not kept by somebody who asks again at once on the connection that is there", async () => {
    await serve((response) => response.end("here"));
    const state = { closed: false };
    const asking = (async () => {
      while (!state.closed) await ask().catch(() => {}); // refused, once it no longer listens
    })();
    await ask();
    await closeServer(server, PATIENT_MS);
    state.closed = true;
    await asking;
  });

  it("cuts what does not end by itself", async () => {
    const { arrived } = await serve((response) => response.write("and so on"));
    const endless = ask().catch((error: unknown) => error);
    await arrived;
    await closeServer(server, 20);
    expect(String(await endless)).toMatch(/aborted|hang up/);
  });
});
