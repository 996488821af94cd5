import { Agent, type AgentOptions, type ClientRequestArgs } from "node:http";
import { Duplex } from "node:stream";
import { tunnels } from "../../tunnels.ts";
import type { Place } from "../queries/interactive.ts";

/** A stream of a tunnel in the clothes of a socket. Of what Node's HTTP client sets on one, only the time of silence means something here: it lets go of connections that nobody uses. */
class TunnelSocket extends Duplex {
  readonly #stream: Duplex;
  #silence: NodeJS.Timeout | undefined;

  constructor(stream: Duplex) {
    super({ allowHalfOpen: true });
    this.#stream = stream;
    stream.on("data", (chunk) => {
      this.#silence?.refresh();
      if (!this.push(chunk)) stream.pause();
    });
    stream.once("end", () => this.push(null)).once("close", () => this.destroy()).on("error", (error) => this.destroy(error));
  }
  override _read = () => void this.#stream.resume();
  override _write = (chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void) => {
    this.#silence?.refresh();
    this.#stream.write(chunk, encoding, done);
  };
  override _final = (done: () => void) => void this.#stream.end(done);
  override _destroy = (error: Error | null, done: (error?: Error | null) => void) => {
    clearTimeout(this.#silence);
    this.#stream.destroy();
    done(error);
  };
  setTimeout = (milliseconds: number) => {
    clearTimeout(this.#silence);
    this.#silence = milliseconds > 0 ? setTimeout(() => this.emit("timeout"), milliseconds).unref() : undefined;
    return this;
  };
  setNoDelay = () => this;
  setKeepAlive = () => this;
  ref = () => this;
  unref = () => this;
}

const OPTIONS: AgentOptions = { keepAlive: true, maxSockets: 12, maxFreeSockets: 6, timeout: 60_000 };

/** Connections to the app of one attempt, through its cluster's tunnel. */
export class AppAgent extends Agent {
  readonly #place: Place;

  constructor(place: Place) {
    super(OPTIONS);
    this.#place = place;
  }

  override createConnection(_options: ClientRequestArgs, done?: (error: Error | null, stream: Duplex) => void): Duplex | null | undefined {
    const { clusterId, attemptId, fence } = this.#place;
    tunnels().stream(clusterId, { kind: "port", attemptId, fence }).then((stream) => done?.(null, new TunnelSocket(stream)), (error: Error) => done?.(error, undefined as never));
    return undefined;
  }
}
