import { shellQuote } from "../../../domain/shared/shell-quote.ts";

/** A command as a shell line and as a list of arguments: the one written as the other, as far as a shell would read them alike. */

const PLAIN = /^[\w@%+=:,./-]+$/;

/** Arguments as a line that a POSIX shell parts into the very same. */
export const shellLine = (args: readonly string[]): string => args.map((arg) => (PLAIN.test(arg) ? arg : shellQuote(arg))).join(" ");

/** One piece of a line: blanks between arguments, or a part of one, with or without quotes. */
const PIECE = /(\s+)|'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])|([^\s'"\\]+|['"\\])/g;

/** Arguments of a line by its blanks and quotes; nothing in them is expanded. A quote that is never closed stands for itself. */
export function argumentsOf(line: string): string[] {
  const args: string[] = [];
  let open: string | null = null;
  for (const [, blank, single, double, escaped, bare] of line.trim().matchAll(PIECE)) {
    if (blank !== undefined) {
      if (open !== null) args.push(open);
      open = null;
    } else if (escaped !== "\n") open = (open ?? "") + (single ?? double?.replace(/\\(["\\$`\n])/g, (_, one: string) => (one === "\n" ? "" : one)) ?? escaped ?? bare ?? "");
  }
  if (open !== null) args.push(open);
  return args.length > 0 ? args : [""];
}

/** Can the list be edited as a line per argument? A line break within one would make two of it. */
export const areLines = (args: readonly unknown[]): boolean => args.every((arg) => !String(arg).includes("\n"));
