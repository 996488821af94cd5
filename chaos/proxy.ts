import { createServer, connect, type Server, type Socket } from "node:net";

/** A TCP relay at the server's door whose cuts are noticed at once: connections are reset and new ones refused. What is lost in silence is lost by the Site. */
export class Proxy {
  readonly #server: Server;
  readonly #pairs = new Set<[Socket, Socket]>();
  #target: number;
  #cut = false;
  /** Where it is reached. */
  url = "";

  constructor(target: number) {
    this.#target = target;
    this.#server = createServer((near) => this.#relay(near));
  }

  async listen(host: string): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, host, resolve));
    this.url = `http://${host}:${(this.#server.address() as { port: number }).port}`;
  }

  #relay(near: Socket): void {
    if (this.#cut) return void near.resetAndDestroy();
    const far = connect(this.#target, "127.0.0.1");
    const pair: [Socket, Socket] = [near, far];
    this.#pairs.add(pair);
    near.pipe(far).pipe(near);
    const drop = () => {
      this.#pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of pair) socket.on("error", drop).on("close", drop);
  }

  /** Reset every connection and refuse new ones until `heal`. */
  cut(): void {
    this.#cut = true;
    this.reset();
  }

  /** Reset what is open, once: the answer of a request that was served may be lost. */
  reset(): void {
    for (const [near, far] of this.#pairs) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  heal(): void {
    this.#cut = false;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
