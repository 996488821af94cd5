import { execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../scripts/postgres/ports.ts";
import { ROOT } from "../scripts/root.ts";

const SECONDS = 6;
const CONNECTIONS = 32;
const PEER = join(ROOT, "bench", "route-handler");
const run = promisify(execFile);

/** Requests per second that a URL answers, from 32 connections. @throws Error when any answer was not 2xx. */
export async function requestsPerSecond(url: string): Promise<number> {
  const args = [join(ROOT, "node_modules/autocannon/autocannon.js"), "--json", "--no-progress", "-c", String(CONNECTIONS), "-d", String(SECONDS), url];
  const { stdout } = await run(process.execPath, args, { maxBuffer: 16 * 1024 * 1024 });
  const result = JSON.parse(stdout) as { requests: { average: number }; non2xx: number; errors: number };
  if (result.non2xx + result.errors > 0) throw new Error(`${url}: ${result.non2xx} answers were not 2xx, ${result.errors} failed.`);
  return result.requests.average;
}

/** The same procedures in a Next route handler, built and started as `next build` and `next start` do. */
export async function startRouteHandler(env: Record<string, string>): Promise<{ url: string; stop: () => Promise<void> }> {
  const next = join(ROOT, "node_modules/next/dist/bin/next");
  const settings = { ...process.env, ...env, NODE_ENV: "production" as const, NEXT_TELEMETRY_DISABLED: "1" };
  await run(process.execPath, [next, "build"], { cwd: PEER, env: settings, maxBuffer: 16 * 1024 * 1024 });
  const port = await freePort();
  const child = spawn(process.execPath, [next, "start", "-p", String(port), "-H", "127.0.0.1"], { cwd: PEER, env: settings, stdio: "ignore" });
  const gone = new Promise((resolve) => child.once("exit", resolve));
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries += 1) {
    if (await fetch(url).then(() => true, () => false)) break;
    if (child.exitCode !== null || tries > 600) throw new Error("The route handler to compare with did not start.");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    url,
    stop: async () => {
      child.kill("SIGTERM");
      await gone;
    },
  };
}
