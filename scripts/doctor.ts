import { spawnSync } from "node:child_process";
import { existsSync, statfsSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";
import { findBinaries } from "./postgres/binaries.ts";
import { chooseOwner, choosePlace } from "./postgres/owner.ts";
import { isFree } from "./postgres/ports.ts";
import { recall } from "./process/identity.ts";
import { ROOT } from "./root.ts";
import { say, takeNoMore, Trouble } from "./say.ts";
import { checkServer } from "./up/database.ts";
import { State } from "./up/state.ts";

type Finding = string | { trouble: string; cure: string };

const answerOf = (command: string, args: string[]): string | null => {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  return status === 0 ? (stdout || stderr).trim().split("\n")[0]! : null;
};

const CHECKS: Record<string, (state: State) => Finding | Promise<Finding>> = {
  node: () => `Node ${process.versions.node} at ${process.execPath}`,
  memory: () => {
    const gib = totalmem() / 1024 ** 3;
    return gib >= 2.5 ? `${gib.toFixed(1)} GiB of memory` : { trouble: `only ${gib.toFixed(1)} GiB of memory`, cure: "The first build needs about 2 GiB; build on a larger machine and copy dist/ and .next/." };
  },
  disk: (state) => {
    const { bavail, bsize } = statfsSync(existsSync(state.folder) ? state.folder : ROOT);
    const gib = (bavail * bsize) / 1024 ** 3;
    return gib >= 2 ? `${gib.toFixed(0)} GiB of disk free` : { trouble: `only ${gib.toFixed(1)} GiB of disk free`, cure: "Free some space, or set DROVER_STATE to a folder on another disk." };
  },
  git: () => answerOf("git", ["--version"]) ?? { trouble: "git is not installed", cure: "Runs whose code is a git URL need it: apt-get install git" },
  python: () => answerOf("python3", ["--version"]) ?? { trouble: "python3 is not installed", cure: "Only examples/digits in Python needs it: apt-get install python3" },
  gpus: () => answerOf("nvidia-smi", ["-L"])?.replace(/ \(UUID.*/, "") ?? "no NVIDIA GPU on this machine",
  database: async (state) => {
    if (process.env.DATABASE_URL) return `PostgreSQL ${await checkServer(process.env.DATABASE_URL)} of DATABASE_URL`;
    const place = choosePlace(state.postgres, findBinaries(), chooseOwner());
    return `embedded PostgreSQL ${place.binaries.version}, data in ${place.folder}`;
  },
  launcher: (state) => {
    const running = recall(state.pidFile("launcher"));
    return running ? `./drover up runs (process ${running.pid})` : "./drover up does not run";
  },
  port: async (state) => {
    const port = Number(process.env.DROVER_PORT ?? 7070);
    if (recall(state.pidFile("launcher")) || (await isFree(port))) return `port ${port}`;
    return { trouble: `port ${port} is taken by another program`, cure: `Choose another: ./drover up --port ${port + 1}` };
  },
  build: () => (existsSync(join(ROOT, ".next", "BUILD_ID")) && existsSync(join(ROOT, "dist", "server.mjs")) ? "built" : "not built yet: ./drover up does it"),
};

/** `./drover doctor`: one line per thing that Drover needs here, with the cure where something is wrong. */
export async function main(args: string[]): Promise<void> {
  takeNoMore(args, "./drover doctor");
  const state = new State();
  let wrong = 0;
  for (const [name, check] of Object.entries(CHECKS)) {
    const finding = await Promise.resolve(check(state)).catch((error: unknown): Finding => (error instanceof Trouble ? { trouble: error.message, cure: error.cure } : { trouble: String(error), cure: "Please report this." }));
    if (typeof finding === "string") say.done(`${name.padEnd(9)} ${finding}`);
    else {
      wrong += 1;
      say.warn(`${name.padEnd(9)} ${finding.trouble}\n            ${finding.cure}`);
    }
  }
  if (wrong > 0) process.exitCode = 1;
}
