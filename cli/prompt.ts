import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import type { ReadStream } from "node:tty";
import { CliError, EXIT, usage } from "./errors.ts";

/** Ask on the terminal; `hidden` shows nothing of what is typed. @throws CliError (usage) where nobody can answer, (interrupted). */
export async function ask(question: string, options: { hidden?: boolean; instead: string; input?: ReadStream }): Promise<string> {
  const input = options.input ?? process.stdin;
  const what = question.replace(/:$/, "");
  if (!input.isTTY) throw usage(`${what} is needed, and there is no terminal to ask on.`, options.instead);
  process.stderr.write(`${question} `);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input, output: options.hidden ? silent : process.stderr, terminal: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      reader.once("line", resolve);
      reader.once("SIGINT", () => reject(new CliError("Interrupted.", { exitCode: EXIT.interrupted })));
      reader.once("close", () => reject(usage(`${what} is needed.`, options.instead)));
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
