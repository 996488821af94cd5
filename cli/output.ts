import { stripVTControlCharacters } from "node:util";
import { cliEnv } from "./env.ts";
import type { CliError } from "./errors.ts";

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34 } as const;
type Colour = keyof typeof CODES;

/** Colour only where a person reads it. */
export function paint(colour: Colour, text: string): string {
  return cliEnv().color ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text;
}

export const say = (line = "") => void process.stdout.write(`${line}\n`);
/** What is not the answer itself: progress, hints. Keeps stdout clean for pipes. */
export const note = (line: string) => void process.stderr.write(`${line}\n`);
export const printJson = (value: unknown) => say(JSON.stringify(value, null, 2));

const STATUS: Record<string, [string, Colour]> = {
  queued: ["○", "dim"], cancelled: ["○", "dim"], starting: ["◐", "blue"], running: ["◐", "blue"], cancelling: ["◐", "blue"],
  succeeded: ["✓", "green"], reachable: ["✓", "green"], up: ["✓", "green"], live: ["✓", "green"], unreachable: ["△", "yellow"], draining: ["△", "yellow"], never: ["○", "dim"],
  failed: ["✕", "red"], revoked: ["✕", "red"], cloned: ["✕", "red"], down: ["✕", "red"], expired: ["✕", "red"], lost: ["✕", "red"],
};

/** Icon and word: never colour alone. */
export function status(word: string): string {
  const [icon, colour] = STATUS[word] ?? ["·", "dim"];
  return paint(colour, `${icon} ${word}`);
}

const width = (text: string) => Array.from(stripVTControlCharacters(text)).length;

/** Aligned columns; numbers right. An empty list says so. */
export function table(columns: { head: string; right?: boolean }[], rows: string[][], empty: string): void {
  if (rows.length === 0) return note(empty);
  const shown = rows.map((row) => row.map(printable));
  const widths = columns.map(({ head }, at) => shown.reduce((most, row) => Math.max(most, width(row[at] ?? "")), width(head)));
  const line = (cells: string[]) =>
    cells
      .map((cell, at) => {
        const pad = " ".repeat(widths[at]! - width(cell));
        return columns[at]!.right ? pad + cell : at === cells.length - 1 ? cell : cell + pad;
      })
      .join("  ");
  say(paint("dim", line(columns.map(({ head }) => head))));
  for (const row of shown) say(line(row));
}

/** Names come from others: control characters in them must not move the cursor. Our own colours stay. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/\u001b(?!\[[0-9;]*m)|[\u0000-\u001a\u001c-\u001f\u007f-\u009f]/g, "·");
}

/** Of several lines, as errors may have. */
const printableLines = (text: string) => text.split("\n").map(printable).join("\n");

/** Pairs under each other. */
export function facts(pairs: [string, string | null | undefined][]): void {
  const shown = pairs.filter((pair): pair is [string, string] => Boolean(pair[1]));
  const wide = Math.max(...shown.map(([name]) => name.length));
  for (const [name, value] of shown) say(`${paint("dim", name.padEnd(wide))}  ${printable(value.replace(/\s*\n\s*/g, " · "))}`);
}

/** "3 min ago" of a moment; both Unix ms. */
export function ago(at: Date | null, now: number): string {
  return at ? `${span((now - at.getTime()) / 1000)} ago` : "";
}

/** Two units at most: 2h 5m, 45s. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const units: [string, number][] = [["d", 86_400], ["h", 3600], ["m", 60], ["s", 1]];
  const at = units.findIndex(([, size]) => whole >= size);
  if (at < 0) return "0s";
  const [unit, size] = units[at]!;
  const rest = units[at + 1] ? Math.floor((whole % size) / units[at + 1]![1]) : 0;
  return `${Math.floor(whole / size)}${unit}${rest ? ` ${rest}${units[at + 1]![0]}` : ""}`;
}

export function mib(amount: number): string {
  if (amount >= 1024) return `${Number((amount / 1024).toFixed(1))} GiB`;
  return `${amount} MiB`;
}

export function bytes(amount: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const at = amount < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(amount) / 10));
  return `${Number((amount / 1024 ** at).toFixed(1))} ${units[at]}`;
}

/** An error: what, where, what to do. Never a stack. */
export function complain(error: CliError): void {
  const named = error.issues.filter(({ field, message }) => field || message !== error.message);
  const repeats = named.some(({ message }) => error.message.includes(message));
  const head = named.length === 0 ? error.message : repeats ? "The server refused it:" : error.message.replace(/[.:]?$/, ":");
  note(`${paint("red", "✕")} ${printableLines(head)}`);
  for (const { field, message, line } of named) note(`  ${line ? `line ${line}: ` : ""}${field ? `${paint("bold", printable(field))}: ` : ""}${printableLines(message)}`);
  if (error.advice) note(`  ${error.advice}`);
}
