import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { type Duplex, pipeline } from "node:stream";
import type { Supervisor } from "../attempts/supervisor.ts";
import { accountFor, environmentOf, type Surroundings, workingDirectory } from "../attempts/prepare.ts";
import type { AttemptRecord } from "../attempts/record.ts";
import type { Driver } from "../drivers/driver.ts";
import { log, reason } from "../log.ts";
import { OPEN_HEADER, Opening } from "../protocol/messages.ts";
import { Refusal } from "./refusal.ts";
import { type Start, Terminals } from "./terminals.ts";

export interface OpeningParts {
  supervisor: Supervisor;
  driver: Driver;
  around: Surroundings;
}

/** What a server asks of running attempts through its tunnel. The policy on this side has the last word. */
export class Openings {
  private readonly parts: OpeningParts;
  readonly terminals = new Terminals();

  constructor(parts: OpeningParts) {
    this.parts = parts;
  }

  /** Answers one stream; never throws. */
  async serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    stream.on("error", (error) => log.debug("A stream of a tunnel broke", { reason: reason(error) }));
    try {
      const opening = parseOpening(headers[OPEN_HEADER]);
      const record = this.find(opening);
      if (opening.kind === "terminal") return await this.terminal(stream, opening, record);
      if (opening.kind === "port") return await this.port(stream, record);
      await this.terminals.resize(opening.terminal, opening.by, opening);
      refuse(stream, 200, "");
    } catch (error) {
      if (error instanceof Refusal) return refuse(stream, error.status, error.message);
      log.warn("A person could not be let into an attempt", { reason: reason(error) });
      refuse(stream, 502, reason(error));
    }
  }

  /** @throws Refusal */
  private find({ attemptId, fence }: Opening): AttemptRecord {
    if (this.parts.around.policy.interactive === false) throw new Refusal(403, "policy.json, interactive: nobody is let into runs of this cluster.");
    const record = this.parts.supervisor.find(attemptId);
    if (!record || record.fence !== fence) throw new Refusal(404, "This attempt is not on this cluster any more.");
    if (record.ended || record.report.state !== "running") throw new Refusal(409, record.ended ? "The run has ended." : "The run has not started yet.");
    return record;
  }

  private async terminal(stream: ServerHttp2Stream, { terminal, by, rows, cols }: Extract<Opening, { kind: "terminal" }>, record: AttemptRecord): Promise<void> {
    const start = await this.startOf(record);
    if (stream.destroyed) return;
    this.terminals.attach(terminal, by, { rows, cols }, start, () => answering(stream));
  }

  private async startOf(record: AttemptRecord): Promise<Start> {
    const { driver, around } = this.parts;
    if (!driver.enter || !record.spec || !record.intent) throw new Refusal(409, "Nobody can be let into this attempt.");
    const account = accountFor(around, record.spec);
    const entry = await driver.enter(record.id, record.folder.home, account);
    return {
      attemptId: record.id,
      folder: record.folder.home,
      enter: entry.command,
      env: { ...environmentOf(around, record, record.spec, record.intent), ...entry.env },
      workingDirectory: await workingDirectory(record, record.spec),
      uid: account?.uid ?? null,
    };
  }

  private async port(stream: ServerHttp2Stream, record: AttemptRecord): Promise<void> {
    const port = record.intent?.appPort;
    if (!this.parts.driver.dial || !port || !record.spec) throw new Refusal(409, "This run was not told to listen at a port: it needs interactive.app.");
    const app = await this.parts.driver.dial(record.id, record.folder.home, port, accountFor(this.parts.around, record.spec)).catch((error: unknown) => {
      throw new Refusal(502, `Nothing answers at DROVER_PORT yet (${reason(error)}). See the run's log.`);
    });
    if (stream.destroyed) return void app.destroy();
    const outside = answering(stream);
    pipeline(outside, app, () => {});
    pipeline(app, outside, () => {});
  }
}

/** Says yes; from here on the stream is the caller's. */
function answering(stream: ServerHttp2Stream): Duplex {
  stream.respond({ ":status": 200 });
  return stream;
}

function refuse(stream: ServerHttp2Stream, status: number, message: string): void {
  if (stream.destroyed || stream.headersSent) return void stream.destroy();
  stream.respond({ ":status": status, "content-type": "text/plain; charset=utf-8" });
  stream.end(message.slice(0, 1000));
}

function parseOpening(header: string | string[] | undefined): Opening {
  try {
    return Opening.parse(JSON.parse(String(header)));
  } catch (error) {
    throw new Refusal(400, `The opening is not the protocol's: ${reason(error).slice(0, 300)}`);
  }
}
