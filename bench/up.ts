import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../scripts/postgres/ports.ts";
import { ROOT } from "../scripts/root.ts";

const START_SECONDS = 300;

/** A `./drover up` that a benchmark started, with a state folder of its own. */
export interface Up {
  url: string;
  folder: string;
  secret: string;
  databaseUrl: string;
  pid: number;
  /** From the command to the whole HTML of the sign-in page. */
  seconds: number;
  stop: () => Promise<void>;
}

/** The command as a person types it. @throws Error with its words when no page comes. */
export async function up(folder: string): Promise<Up> {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const begun = performance.now();
  const { DATABASE_URL: _own, DROVER_URL: _url, DROVER_SECRET: _secret, ...env } = process.env;
  const child = spawn(join(ROOT, "drover"), ["up", "--port", String(port), "--stop-jobs", "--no-open"], { cwd: ROOT, env: { ...env, DROVER_STATE: folder, NO_COLOR: "1" }, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await firstPage(`${url}/sign-in`, child, () => said);
  const seconds = (performance.now() - begun) / 1000;
  const read = (name: string) => readFileSync(join(folder, name), "utf8").trim();
  return {
    url, folder, secret: read("secret"), pid: child.pid!, seconds,
    databaseUrl: `postgres://app:${read("postgres/password")}@127.0.0.1:${read("postgres/port")}/drover`,
    stop: () => stop(child, folder),
  };
}

async function firstPage(page: string, child: ChildProcess, said: () => string): Promise<void> {
  const deadline = performance.now() + START_SECONDS * 1000;
  while (performance.now() < deadline) {
    if (child.exitCode !== null) break;
    const answer = await fetch(page).catch(() => null);
    if (answer?.ok && (await answer.text()).includes("</html>")) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`./drover up showed no page. It said:\n${said()}`);
}

/** As Ctrl-C does, and waited for: the agent of this machine may just be enrolling. */
async function stop(child: ChildProcess, folder: string): Promise<void> {
  const gone = new Promise((resolve) => child.once("exit", resolve));
  if (child.exitCode === null) {
    child.kill("SIGINT");
    await gone;
  }
  if (existsSync(join(folder, "run", "launcher.json"))) throw new Error(`./drover up did not stop cleanly; see ${folder}/logs.`);
}
