import { execFile, spawn } from "node:child_process";
import { promisify } from "node:util";
import { hostPath } from "../../env.ts";
import { asUser } from "../as-user.ts";
import { type Launch, NotNow } from "../driver.ts";

const exec = promisify(execFile);
/** Clients wait long for a controller that is away; the agent asks again instead. */
const TIMEOUT_MS = 10_000;
const MOST = 256 * 1024 * 1024;

/** What Slurm says when the same request may succeed later: the controller is away, or has too much to do. */
const PASSING = /unable to contact|socket timed out|connection (refused|reset|timed out)|communication (connection|failure)|zero bytes were transmitted|transport endpoint|slurm backup controller|temporarily unable|resource temporarily unavailable|too many open|munge|authentication|invalid authentication|controller.*(not|unavail)|slurmdbd.*(not responding|connection)|only takes.*requests|in_progress|try again/i;

/** Slurm refused, and would again. The message is Slurm's own. */
export class SlurmRefused extends Error {}

/** The commands of Slurm, as this host's packages have them. */
export class SlurmClient {
  /** Such as SLURM_CONF, where the configuration is not at its usual place. */
  readonly env: Record<string, string>;

  constructor(env: Record<string, string> = {}) {
    this.env = { PATH: hostPath(), LC_ALL: "C", SLURM_TIME_FORMAT: "%s", ...env };
  }

  /** @throws NotNow where the controller cannot be asked; SlurmRefused where it said no. */
  async run(program: string, args: readonly string[], timeoutMs = TIMEOUT_MS): Promise<string> {
    try {
      const { stdout } = await exec(program, [...args], { env: this.env as Record<string, string> as NodeJS.ProcessEnv, timeout: timeoutMs, maxBuffer: MOST, killSignal: "SIGKILL" });
      return stdout;
    } catch (error) {
      throw troubleOf(program, error);
    }
  }

  /** Submits a script as an account of this host, or as the agent's own. Answers the job's id. */
  sbatch(args: readonly string[], script: string, as: Launch["runAs"]): Promise<string> {
    const command = asUser(as, ["sbatch", "--parsable", ...args]);
    return new Promise((resolve, reject) => {
      const child = spawn(command[0]!, command.slice(1), { env: this.env as Record<string, string> as NodeJS.ProcessEnv, stdio: ["pipe", "pipe", "pipe"], timeout: TIMEOUT_MS * 3, killSignal: "SIGKILL" });
      let stdout = "";
      let stderr = "";
      child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
      child.stdin.on("error", () => {}); // it ended without reading: its exit says why
      child.once("error", (error) => reject(troubleOf("sbatch", error)));
      child.once("close", (code) => {
        const id = /^(\d+)(?:;|\s|$)/.exec(stdout)?.[1];
        if (code === 0 && id) resolve(id);
        else reject(troubleOf("sbatch", { code, stderr, stdout, killed: code === null }));
      });
      child.stdin.end(script);
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
