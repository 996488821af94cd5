/** A sign that stands for itself, a set, a bracket, or how often the one before is meant. */
const PIECE = /\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]|(?<repeat>(?:[*+]|\{\d+,\d*\})\??)|\{\d+\}|[\s\S]/g;

/**
 * A repeat within a repeat, such as (a+)+: a browser may then try every way to part a text, which for one long line takes longer than
 * anybody waits, and the page stands still meanwhile. RE2, which searches on the server, has no such trouble.
 * @param source Of a valid regular expression.
 */
export function isSlowPattern(source: string): boolean {
  const around: boolean[] = []; // of each open group: does something before it repeat?
  let repeats = false; // does something in the innermost open one?
  let closed = false; // is the piece before a group in which something does?
  for (const { 0: piece, groups } of source.matchAll(PIECE)) {
    if (groups?.["repeat"] !== undefined) {
      if (closed) return true;
      repeats = true;
    }
    closed = piece === ")" && repeats;
    if (piece === "(") {
      around.push(repeats);
      repeats = false;
    } else if (piece === ")") repeats = (around.pop() ?? false) || repeats;
  }
  return false;
}

export const SLOW_PATTERN = "A repeat within a repeat, such as (a+)+, may take forever: write it without the inner one.";
