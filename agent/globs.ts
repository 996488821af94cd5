import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";
import vm from "node:vm";
import picomatch from "picomatch";

/**
 * Patterns come from whoever submits a run, and the agent that reads them serves a whole cluster: there are some, such as (a+)+$, over
 * which a regular expression goes on for ever. All of one run's together get so long, in a context that can be stopped.
 */
const MATCH_MS = 2_000;
const WALK_MS = 120_000;

export interface Listed {
  /** Relative, with forward slashes. */
  names: string[];
  /** What was not looked for to the end, and why. */
  left: string[];
}

/** Regular files below a folder that a pattern names, by itself or by a folder that they are in, and none that begins with `!`; sorted. Links are neither named nor followed. */
export async function listMatching(root: string, patterns: readonly string[], limits: { matchMs?: number; walkMs?: number } = {}): Promise<Listed> {
  const told = patterns.map((pattern) => pattern.split("/").filter((part) => part !== ".").join("/").replace(/\/+$/, "") || "**");
  const [unwanted, wanted] = [told.filter(isNegative).map((one) => one.slice(1)), told.filter((one) => !isNegative(one))];
  const left: string[] = [];
  const all = await walk(root, wanted.map((pattern) => picomatch.scan(pattern).base), limits.walkMs ?? WALK_MS).catch((error: unknown) => {
    left.push((error as Error).message);
    return [];
  });
  const until = performance.now() + (limits.matchMs ?? MATCH_MS);
  const named = (list: readonly string[]) => new Set(list.flatMap((pattern) => {
    const found = matches(pattern, all, until - performance.now());
    if (!found) left.push(`pattern "${pattern}" takes too long to match`);
    return found ?? [];
  }));
  const [yes, no] = [named(wanted), named(unwanted)];
  return { names: [...yes].filter((name) => !no.has(name)).toSorted(), left };
}

/** `{1..10}`, `{08..12}`. */
function expandRange(from: string, to: string): string {
  const [first, last] = [Number(from), Number(to)].toSorted((a, b) => a - b) as [number, number];
  if (!/^\d{1,4}$/.test(from) || !/^\d{1,4}$/.test(to)) return `{${from}..${to}}`;
  return `(?:${Array.from({ length: last - first + 1 }, (_, at) => String(first + at).padStart(from.startsWith("0") ? from.length : 0, "0")).join("|")})`;
}

const isNegative = (pattern: string) => pattern.startsWith("!") && !pattern.startsWith("!(");

/** Of these names, those that a pattern means; null where it took longer than it may. A name may have brackets of its own. */
function matches(pattern: string, names: readonly string[], mostMs: number): string[] | null {
  if (mostMs < 1) return null;
  try {
    const any = [pattern, ...(pattern.endsWith("*") ? [] : [`${pattern}/**`])].map((one) => picomatch.makeRe(one, { dot: true, posix: true, expandRange }));
    return vm.runInNewContext("names.filter((name) => name === pattern || any.some((one) => one.test(name)))", { names, pattern, any }, { timeout: Math.ceil(mostMs) }) as string[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_TIMEOUT" || error instanceof SyntaxError || error instanceof RangeError) return null;
    throw error;
  }
}

/** All regular files below the folders that patterns begin with. @throws Error where that takes too long. */
async function walk(root: string, bases: readonly string[], mostMs: number): Promise<string[]> {
  const end = performance.now() + mostMs;
  const isOn = (folder: string) => bases.some((base) => base === "" || `${folder}/`.startsWith(`${base}/`) || base.startsWith(`${folder}/`));
  const names: string[] = [];
  const look = async (folder: string): Promise<void> => {
    if (performance.now() > end) throw new Error(`looking for them took longer than ${mostMs / 1000} s`);
    const entries = await readdir(path.join(root, folder), { withFileTypes: true }).catch((): Dirent[] => []);
    for (const entry of entries) {
      const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isFile()) names.push(name);
      else if (entry.isDirectory() && isOn(name)) await look(name);
    }
  };
  await look("");
  return names;
}
