import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../root.ts";
import { Trouble } from "../say.ts";

/** Pages run server code too: it is compiled into their chunks. */
export const PAGE_SOURCES = ["app", "components", "server", "db", "domain", "agent/protocol", "public", "env.ts", "paths.ts", "next.config.ts", "tsconfig.json", "package-lock.json"];
export const PAGES_STAMP = join(ROOT, ".next", "drover-stamp");

export const pagesExist = (): boolean => existsSync(join(ROOT, ".next", "BUILD_ID"));

/** The console's production build. Its own words are shown only when it fails. */
export async function buildPages(): Promise<void> {
  const child = spawn(process.execPath, [join(ROOT, "node_modules/next/dist/bin/next"), "build"], {
    cwd: ROOT,
    env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => said.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => said.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => child.once("close", resolve).once("error", reject));
  if (code === 0) return;
  process.stderr.write(Buffer.concat(said));
  throw new Trouble(code === null ? "The build of the pages was killed." : "The pages could not be built.", code === null ? "It needs about 2 GB of memory: close something, then start again." : "Correct what is named above.");
}
