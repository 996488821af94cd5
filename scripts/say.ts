import { styleText } from "node:util";

type Tone = "dim" | "green" | "yellow" | "red" | "cyan" | "bold";

const colourful = process.stdout.isTTY === true && !process.env.NO_COLOR;
const paint = (tone: Tone, text: string): string => (colourful ? styleText(tone, text) : text);

/** A failure that the person at the terminal can cure: printed as two lines, without a stack. */
export class Trouble extends Error {
  readonly cure: string;

  constructor(what: string, cure: string, options?: ErrorOptions) {
    super(what, options);
    this.cure = cure;
  }
}

/** @throws Trouble that names the first word of those that a command does not know: it would do something else than was meant. */
export function takeNoMore(words: readonly string[], use: string): void {
  if (words.length > 0) throw new Trouble(`${words[0]} is not understood.`, `Use: ${use}`);
}

export const say = {
  step: (text: string): void => console.log(`${paint("cyan", "›")} ${text}`),
  done: (text: string): void => console.log(`${paint("green", "✓")} ${text}`),
  warn: (text: string): void => console.log(`${paint("yellow", "!")} ${text}`),
  plain: (text: string): void => console.log(text),
  dim: (text: string): void => console.log(paint("dim", text)),
  strong: (text: string): string => paint("bold", text),
};

/** Print a failure: what is wrong, then what cures it. Anything unforeseen keeps its stack. */
export function report(error: unknown): void {
  const full = error instanceof Error && "code" in error && error.code === "ENOSPC";
  const trouble = full ? new Trouble("The disk is full.", "Free some space, then start again.") : error;
  if (trouble instanceof Trouble) {
    console.error(`${paint("red", "✕")} ${trouble.message}`);
    console.error(`  ${trouble.cure}`);
  } else {
    console.error(`${paint("red", "✕")} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
}

/** `840 ms`, `12.3 s`, `4 min 05 s`: since a moment of `performance.now()`. */
export function since(start: number): string {
  const ms = performance.now() - start;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}

/** Do one thing and say how long it took. */
export async function timed<T>(doing: string, done: string, work: () => T | Promise<T>): Promise<T> {
  const start = performance.now();
  say.step(`${doing} …`);
  const value = await work();
  say.done(`${done} (${since(start)})`);
  return value;
}
