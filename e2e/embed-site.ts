import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";

const HOST_SITE = resolve(import.meta.dirname, "../examples/embed-host/server.mjs");

/** The example site, as its README starts it. */
export async function startSite(env: Record<string, string>): Promise<ChildProcess> {
  const child = spawn(process.execPath, [HOST_SITE], { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] });
  await new Promise<void>((done, fail) => {
    child.stdout!.on("data", (text: Buffer) => text.toString().startsWith("ready") && done());
    child.once("exit", (code) => fail(new Error(`The site ended with ${code}.`)));
  });
  return child;
}
