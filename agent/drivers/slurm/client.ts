import { execFile, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { promisify } from "node:util";
import { hostPath } from "../../env.ts";
import { asUser } from "../as-user.ts";
import { type Launch, NotNow } from "../driver.ts";
import { quote } from "../quote.ts";

const exec = promisify(execFile);
/** Clients wait long for a controller that is away; the agent asks again instead. */
const TIMEOUT_MS = 10_000;
const MOST = 256 * 1024 * 1024;
/** Lists of an array's tasks. */
const UNCUT = { SLURM_BITSTR_LEN: "0" };
/** How a shell ends that was to become a program that is not there. */
const NOT_FOUND = 127;

/** What Slurm says when the same request may succeed later: the controller is away, or has too much to do. */
const PASSING = /unable to contact|socket timed out|connection (refused|reset|timed out)|communication (connection|failure)|zero bytes were transmitted|transport endpoint|slurm backup controller|temporarily unable|resource temporarily unavailable|too many open|munge|authentication|invalid authentication|controller.*(not|unavail)|slurmdbd.*(not responding|connection)|only takes.*requests|in_progress|try again/i;

/** Slurm refused, and would again. The message is Slurm's own. */
export class SlurmRefused extends Error {}

/** The commands of Slurm, as this host's packages have them. */
export class SlurmClient {
  /** Such as SLURM_CONF, where the configuration is not at its usual place. */
  readonly env: Record<string, string>;
  /**
   * Waits to become the next sbatch. The agent stands still while the system copies its page tables for a new process, which takes
   * milliseconds, on a virtual machine five and more: best while nobody waits for it.
   */
  private ready: ReturnType<SlurmClient["becoming"]> | null = null;

  constructor(env: Record<string, string> = {}) {
    this.env = { PATH: hostPath(), LC_ALL: "C", SLURM_TIME_FORMAT: "%s", ...env };
  }

  /** @throws NotNow where the controller cannot be asked; SlurmRefused where it said no. */
  async run(program: string, args: readonly string[], timeoutMs = TIMEOUT_MS): Promise<string> {
    try {
      const { stdout } = await exec(program, [...args], { env: { ...this.env, ...UNCUT } as Record<string, string> as NodeJS.ProcessEnv, timeout: timeoutMs, maxBuffer: MOST, killSignal: "SIGKILL" });
      return stdout;
    } catch (error) {
      throw troubleOf(program, error);
    }
  }

  /** Makes the next submit quick: from now on a process waits to become its sbatch. */
  makeReady(): void {
    if (this.ready) return;
    const child = this.becoming();
    this.ready = child;
    child.unref();
    for (const pipe of child.stdio) (pipe as Socket).unref();
    child.once("error", () => {}).once("exit", () => {
      if (this.ready === child) this.ready = null;
    });
  }

  /** A shell that becomes the command that it is told. It ends with whoever should tell it. */
  private becoming() {
    return spawn("/bin/sh", ["-c", 'read -r words && eval "exec $words"'], { env: this.env as Record<string, string> as NodeJS.ProcessEnv, stdio: ["pipe", "pipe", "pipe"] });
  }

  /** Submits a script as an account of this host, or as the agent's own. Answers the job's id. */
  sbatch(args: readonly string[], script: string, as: Launch["runAs"]): Promise<string> {
    const words = asUser(as, ["sbatch", "--parsable", ...args]).map(quote).join(" "); // no line breaks: names are checked, the title is cleaned
    return new Promise((resolve, reject) => {
      const child = this.ready ?? this.becoming();
      this.ready = null;
      const timer = setTimeout(() => child.kill("SIGKILL"), TIMEOUT_MS * 3);
      let stdout = "";
      let stderr = "";
      child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
      child.stdin.on("error", () => {}); // it ended without reading: its exit says why
      child.once("error", (error) => reject(troubleOf("sbatch", error)));
      child.once("close", (code) => {
        clearTimeout(timer);
        setImmediate(() => this.makeReady()); // once the job's id is on its way to the journal
        const id = /^(\d+)(?:;|\s|$)/.exec(stdout)?.[1];
        if (code === 0 && id) resolve(id);
        else reject(troubleOf("sbatch", { code: code === NOT_FOUND ? "ENOENT" : code, stderr, stdout, killed: code === null }));
      });
      child.stdin.end(`${words}\n${script}`);
    });
  }
}

function troubleOf(program: string, error: unknown): Error {
  const seen = error as { code?: number | string | null; stderr?: string; killed?: boolean; message?: string };
  if (seen.code === "ENOENT") return new SlurmRefused(`There is no ${program} on this host's PATH: is Slurm's client package installed?`);
  const said = (seen.stderr ?? "").split("\n").map((line) => line.replace(/^\w+: (error: )?/, "").trim()).filter(Boolean).join(" ");
  const message = `${program}: ${said || seen.message || `ended with ${seen.code}`}`.slice(0, 2000);
  return seen.killed || PASSING.test(message) ? new NotNow(message) : new SlurmRefused(message);
}
