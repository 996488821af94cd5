import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { join } from "node:path";
import { build } from "esbuild";

/** The program as it is shipped, in one file of this folder. */
export async function buildProgram(folder: string): Promise<string> {
  const program = join(folder, "cli.mjs");
  const require = 'import { createRequire as r } from "node:module"; const require = r(import.meta.url);';
  await build({ entryPoints: [join(import.meta.dirname, "../main.ts")], outfile: program, bundle: true, platform: "node", format: "esm", target: "node20", banner: { js: require }, logLevel: "silent" });
  return program;
}

export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

/** A process of its own, with nothing of this one's environment but the path. */
export function startProgram(program: string, args: string[], options: { env: Record<string, string>; cwd: string; input?: string }) {
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, [program, ...args], { cwd: options.cwd, env: { PATH: process.env.PATH!, NODE_ENV: "test", ...options.env } });
  const said = { out: "", err: "" };
  child.stdout.on("data", (part: Buffer) => (said.out += part.toString()));
  child.stderr.on("data", (part: Buffer) => (said.err += part.toString()));
  child.stdin.end(options.input ?? "");
  const ended = new Promise<Ended>((resolve) => child.once("close", (code) => resolve({ code, ...said })));
  return { child, said, ended };
}
