import { type ChildProcessWithoutNullStreams, execFile, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Duplex } from "node:stream";
import { promisify } from "node:util";
import { keptFrom } from "../drivers/as-user.ts";
import { quote } from "../drivers/quote.ts";
import { log, reason } from "../log.ts";
import { Refusal } from "./refusal.ts";

const exec = promisify(execFile);
/** What a person who comes back sees of before. */
const RECENT_BYTES = 256 * 1024;
/** Open at once in one attempt. */
const MOST = 16;
/** Bash where there is one. */
const SHELL = "if command -v bash >/dev/null 2>&1; then exec bash -i; else exec sh -i; fi";
/**
 * Runs on the terminal's inner side, as the agent: notes the terminal's name so that its size can be set from outside,
 * gives the terminal to the account, then becomes the shell.
 */
const INNER = 'stty sane rows "$1" cols "$2"; tty > "$3"; if [ "$4" != - ]; then chown "$4" "$(tty)"; fi; shift 4; exec "$@"';

export interface Size {
  rows: number;
  cols: number;
}

/** How a terminal's shell is started: `command` runs the shell, in the attempt. */
export interface Start {
  attemptId: string;
  /** The attempt's folder. */
  folder: string;
  enter: (shell: string[]) => string[];
  env: Record<string, string>;
  workingDirectory: string;
  uid: number | null;
}

interface Terminal {
  attemptId: string;
  by: string;
  child: ChildProcessWithoutNullStreams;
  ttyFile: string;
  recent: Buffer[];
  recentBytes: number;
  watcher: Duplex | null;
}

/**
 * Shells in terminals, by the id that whoever opened them chose. Each lives until its shell ends or its attempt does; a
 * connection that breaks takes nothing with it. The terminal is made by script(1) of util-linux, so no compiled module is
 * needed; its size is set by stty(1) on the inner side.
 */
export class Terminals {
  private readonly open = new Map<string, Terminal>();

  /** Joins a stream to a terminal of that id, made if there is none yet; the stream is asked for once nothing forbids it. @throws Refusal */
  attach(id: string, by: string, size: Size, start: Start, answer: () => Duplex): void {
    const known = this.open.get(id);
    if (known && (known.by !== by || known.attemptId !== start.attemptId)) throw new Refusal(404, "There is no such terminal.");
    if (!known && [...this.open.values()].filter(({ attemptId }) => attemptId === start.attemptId).length >= MOST) throw new Refusal(409, `${MOST} terminals are open in this run already. Close one of them.`);
    const terminal = known ?? this.start(id, by, size, start);
    const stream = answer();
    terminal.watcher?.end();
    terminal.watcher = stream;
    for (const chunk of terminal.recent) stream.write(chunk);
    stream.on("data", (chunk: Buffer) => {
      if (!terminal.child.stdin.write(chunk)) {
        stream.pause();
        terminal.child.stdin.once("drain", () => stream.resume());
      }
    });
    const leave = () => {
      if (terminal.watcher === stream) terminal.watcher = null;
      terminal.child.stdout.resume();
    };
    stream.once("close", leave).once("error", leave);
    if (known) void this.resize(id, by, size);
  }

  /** @throws Refusal */
  async resize(id: string, by: string, { rows, cols }: Size): Promise<void> {
    const terminal = this.open.get(id);
    if (terminal?.by !== by) throw new Refusal(404, "There is no such terminal.");
    const tty = (await readFile(terminal.ttyFile, "utf8").catch(() => "")).trim();
    if (!tty.startsWith("/dev/")) return; // it has only just begun: it begins with the size that it was opened with
    await exec("stty", ["-F", tty, "rows", String(rows), "cols", String(cols)]).catch((error: unknown) => log.debug("A terminal's size could not be set", { reason: reason(error) }));
  }

  /** The agent ends: nobody could reach them any more. script(1) holds back gentler signals; with it the terminal goes, and whoever has it gets SIGHUP. */
  close(): void {
    for (const { child } of this.open.values()) child.kill("SIGKILL");
  }

  private start(id: string, by: string, { rows, cols }: Size, start: Start): Terminal {
    const ttyFile = path.join(start.folder, `tty-${id}`);
    const shell = start.enter(["/bin/sh", "-c", SHELL]);
    const inner = ["/bin/sh", "-c", INNER, "drover", String(rows), String(cols), ttyFile, start.uid === null ? "-" : String(start.uid), ...shell];
    const own = { SHELL: "/bin/sh", TERM: "xterm-256color" };
    const job = { COLORTERM: "truecolor", ...start.env, ...own };
    const env = start.uid === null ? job : { ...keptFrom(job), ...own };
    const child = spawn("script", ["-qefc", inner.map(quote).join(" "), "/dev/null"], { cwd: start.workingDirectory, env: env as Record<string, string> as NodeJS.ProcessEnv, detached: true });
    const terminal: Terminal = { attemptId: start.attemptId, by, child, ttyFile, recent: [], recentBytes: 0, watcher: null };
    this.open.set(id, terminal);
    const hear = (chunk: Buffer) => this.hear(terminal, chunk);
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.stdin.on("error", () => {}); // the shell has ended: its exit says so
    child.once("error", (error) => this.end(id, `\r\nThe terminal could not be opened: ${reason(error)}. It needs script(1) of util-linux.\r\n`));
    child.once("close", (code) => this.end(id, `\r\n[The shell ended${code ? ` with ${code}` : ""}.]\r\n`));
    return terminal;
  }

  private hear(terminal: Terminal, chunk: Buffer): void {
    terminal.recent.push(chunk);
    terminal.recentBytes += chunk.length;
    while (terminal.recentBytes > RECENT_BYTES && terminal.recent.length > 1) terminal.recentBytes -= terminal.recent.shift()!.length;
    const { watcher, child } = terminal;
    if (!watcher || watcher.write(chunk)) return;
    child.stdout.pause(); // a slow reader slows the shell, never the memory of the agent
    watcher.once("drain", () => child.stdout.resume());
  }

  private end(id: string, word: string): void {
    const terminal = this.open.get(id);
    if (!terminal) return;
    this.open.delete(id);
    terminal.watcher?.end(word);
  }
}
