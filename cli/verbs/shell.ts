import { setTimeout as pause } from "node:timers/promises";
import { Command } from "commander";
import { v4 } from "uuid";
import { WebSocket } from "ws";
import type { ErrorCode } from "../../domain/shared/errors.ts";
import { type Api, connectApi, findRun } from "../api.ts";
import { CliError, EXIT, refusal } from "../errors.ts";
import { note, paint } from "../output.ts";

/** Close codes of the server (server/experiments/interactive/terminals.ts). */
const ENDED = 4000;
const REFUSED = 4003;
const UNAVAILABLE = 4009;
/** Our own: there is no server. */
const LOST = 4999;
/** Ctrl-]: leaves the shell as it is, as telnet and virsh have it. */
const LEAVE = 0x1d;
const PAUSES_MS = [500, 1000, 2000, 4000, 8000];

export function shellCommand(): Command {
  return new Command("shell")
    .description("Open a shell in a running run: beside its process, with its files, accelerators and limits")
    .argument("<run>", "id, or the name of the newest run called so")
    .option("--shell <uuid>", "come back to this shell, which was left with Ctrl-]")
    .action(openShell);
}

/** How one connection ended. */
interface Closed {
  code: number;
  reason: string;
  opened: boolean;
}

async function openShell(idOrName: string, { shell = v4() }: { shell?: string }): Promise<void> {
  const api = connectApi();
  const runId = await findRun(api, idOrName);
  let wasOpen = false;
  for (let failures = 0; ; ) {
    const { code, reason, opened } = await connect(api, runId, shell);
    if (!opened && !wasOpen && code === LOST) throw new CliError(reason, { exitCode: EXIT.unreachable });
    wasOpen ||= opened;
    if (code === ENDED) return;
    if (code === LEAVE) return note(paint("dim", `\nThe shell goes on. Come back with: drover shell ${runId} --shell ${shell}`));
    if (code === REFUSED) throw new CliError(reason);
    failures = opened ? 0 : failures + 1;
    const next = PAUSES_MS[failures];
    if (next === undefined || (code === UNAVAILABLE && !wasOpen)) throw new CliError(reason || "The connection broke, and the server cannot be reached again.");
    note(paint("dim", `\nThe connection broke. Coming back to the same shell …`));
    await pause(next);
  }
}

/** One connection between this terminal and the shell, until either side ends it. */
function connect(api: Api, runId: string, shell: string): Promise<Closed> {
  const url = new URL(`/api/runs/${runId}/terminal`, api.config.url);
  url.protocol = url.protocol.replace("http", "ws");
  const { rows, columns } = process.stdout.isTTY ? process.stdout : { rows: 24, columns: 80 };
  url.search = new URLSearchParams({ terminal: shell, rows: String(rows), cols: String(columns) }).toString();
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${api.config.token}` } });
  const { stdin, stdout } = process;
  return new Promise((resolve, reject) => {
    let opened = false;
    const send = (chunk: Buffer) => {
      if (stdin.isTTY && chunk.length === 1 && chunk[0] === LEAVE) return finish(LEAVE, "");
      socket.send(chunk, { binary: true });
    };
    const sendEnd = () => socket.send(Buffer.from([4]), { binary: true }); // of piped input: what Ctrl-D says
    const resize = () => socket.send(JSON.stringify({ rows: stdout.rows, cols: stdout.columns }));
    const finish = (code: number, reason: string) => {
      stdin.off("data", send).off("end", sendEnd).pause();
      if (stdin.isTTY) stdin.setRawMode(false);
      stdout.off("resize", resize);
      socket.close();
      resolve({ code, reason, opened });
    };
    socket.once("open", () => {
      opened = true;
      if (stdin.isTTY) stdin.setRawMode(true);
      stdin.on("data", send).once("end", sendEnd).resume();
      stdout.on("resize", resize);
    });
    socket.on("message", (data, isBinary) => isBinary && stdout.write(data as Buffer));
    socket.once("close", (code, reason) => finish(code, reason.toString()));
    socket.once("unexpected-response", (_request, response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part)).once("end", () => reject(refusalOf(Buffer.concat(parts).toString("utf8"), response.statusCode ?? 0)));
    });
    socket.on("error", (error) => opened || finish(LOST, `The server cannot be reached: ${error.message}`));
  });
}

function refusalOf(body: string, status: number): CliError {
  try {
    const { error, message } = JSON.parse(body) as { error: ErrorCode; message: string };
    return refusal(error, message, [], null);
  } catch {
    return new CliError(`The server answered ${status}.`);
  }
}
