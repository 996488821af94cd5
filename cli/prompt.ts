import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { usage } from "./errors.ts";

/** Ask on the terminal; `hidden` shows nothing of what is typed. @throws CliError (usage) where nobody can answer. */
export async function ask(question: string, options: { hidden?: boolean; instead: string }): Promise<string> {
  if (!process.stdin.isTTY) throw usage(`${question.replace(/:$/, "")} is needed, and there is no terminal to ask on.`, options.instead);
  process.stderr.write(`${question} `);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: process.stdin, output: options.hidden ? silent : process.stderr, terminal: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      reader.once("line", resolve);
      reader.once("SIGINT", () => reject(usage("Interrupted.")));
      reader.once("close", () => reject(usage("Interrupted.")));
    });
  } finally {
    reader.close();
    if (options.hidden) process.stderr.write("\n");
  }
}

export async function readStdin(): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of process.stdin) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}
