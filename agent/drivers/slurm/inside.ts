import { spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { asJob, asUser } from "../as-user.ts";
import type { Entry, Launch } from "../driver.ts";

/** A step beside the job's own, on its first node: it shares what the job holds and is ended with it. */
const STEP = ["--overlap", "--nodes=1", "--ntasks=1", "--relative=0", "--quiet", "--mpi=none"];
/** Every byte at once, both ways; a terminal has its own way. */
const PIPED = ["--input=all", "--unbuffered"];
/** Bytes between the step's own input and output and a port of its machine. Bash alone can do it, so nothing need be installed there. */
const RELAY = 'exec 3<>"/dev/tcp/127.0.0.1/$0" || exit 7; exec 4<&0; printf "\\0"; cat <&4 >&3 & cat <&3; kill "$!" 2>/dev/null; wait';
const DIAL_MS = 20_000;

/** How to start a program in a terminal of a running job. */
export const entryOf = (job: string, runAs: Launch["runAs"], env: Record<string, string>): Entry => ({
  command: (program) => asJob(runAs, ["srun", `--jobid=${job}`, ...STEP, "--pty", ...program]),
  env,
});

/** A connection to a port of the job's first machine, through a step of the job: the port need not be open to anybody else. @throws where nothing answers. */
export function dialThrough(job: string, port: number, runAs: Launch["runAs"], env: Record<string, string>): Promise<Duplex> {
  const [program, ...args] = asUser(runAs, ["srun", `--jobid=${job}`, ...STEP, ...PIPED, "bash", "-c", RELAY, String(port)]);
  const child = spawn(program!, args, { env: env as Record<string, string> as NodeJS.ProcessEnv, stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-1000)));
  child.stdin.on("error", () => {}); // it ended: its output ends too
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      clearTimeout(timer);
      child.kill("SIGKILL");
      reject(new Error(why));
    };
    const timer = setTimeout(() => fail("srun did not start in time"), DIAL_MS);
    child.once("error", (error) => fail(error.message));
    child.once("close", () => fail(said.trim().split("\n").at(-1) ?? "srun ended"));
    child.stdout.once("readable", () => {
      const first = child.stdout.read(1) as Buffer | null; // the relay's word that it is connected
      if (first === null) return; // it ended instead: its close says why
      clearTimeout(timer);
      child.removeAllListeners("close");
      const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
      stream.on("error", () => {}); // whoever gives it up before its end has nobody to tell
      stream.once("close", () => child.kill("SIGTERM"));
      resolve(stream);
    });
  });
}
