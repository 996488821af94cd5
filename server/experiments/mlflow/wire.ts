import { z } from "zod";
import { MlflowError } from "./errors.ts";

// proto3 JSON as MLflow's clients write it: int64 as numbers or strings, absent and null alike, unknown fields ignored,
// and NaN and the infinities as words.

const LONG_INTEGER = /[:[,]\s*-?\d{16,}\s*[,}\]]/;

/** JSON whose integers are exact: those that a number cannot hold come as bigint. NaN and the infinities may stand bare. @throws MlflowError for anything else. */
export function parseJson(text: string): unknown {
  try {
    return parseExactly(text);
  } catch {
    try {
      return parseExactly(text.replace(BARE_WORD, (part) => (part.startsWith('"') ? part : `"${part}"`)));
    } catch {
      throw new MlflowError("BAD_REQUEST", "The body must be JSON.");
    }
  }
}

/** What Python's json writes for these numbers; or a string, which is left alone, even one that never ends. */
const BARE_WORD = /"[^"\\]*(?:\\.[^"\\]*)*"?|-?\bInfinity\b|\bNaN\b/gs;

function parseExactly(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return LONG_INTEGER.test(text) ? JSON.parse(text, exact) : value;
}

function exact(_key: string, value: unknown, context?: { source?: string }): unknown {
  const isExact = typeof value !== "number" || !Number.isInteger(value) || Number.isSafeInteger(value);
  return isExact || !/^-?\d+$/.test(context?.source ?? "") ? value : BigInt(context!.source!);
}

const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;

/** An int64: a number where that is exact, else a bigint. null when it is none. */
export function toInt64(value: unknown): number | bigint | null {
  if (typeof value === "number") return Number.isSafeInteger(value) ? value : null;
  const big = typeof value === "bigint" ? value : typeof value === "string" && /^-?\d{1,19}$/.test(value) ? BigInt(value) : null;
  if (big === null || big < MIN || big > MAX) return null;
  const small = Number(big);
  return Number.isSafeInteger(small) ? small : big;
}

/** A float64, or one of proto3's words. null when it is none. */
export function toDouble(value: unknown): number | null {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "string") return null;
  if (value === "NaN") return Number.NaN;
  if (value === "Infinity") return Infinity;
  if (value === "-Infinity") return -Infinity;
  return value.trim() !== "" && Number.isFinite(Number(value)) ? Number(value) : null;
}

/** In an answer. */
export const fromDouble = (value: number): number | string => (Number.isFinite(value) ? value : String(value));

const noNul = (text: string) => !text.includes("\0");
/** Half of a pair of UTF-16 becomes the sign for what cannot be shown: Postgres takes no JSON that has one. */
export const Text = z.string("Expected a string.").refine(noNul, "Must not contain a NUL byte.").overwrite((text) => text.toWellFormed());
const absent = <Schema extends z.ZodType>(schema: Schema) => schema.nullish().transform((value) => value ?? undefined);
export const OptionalText = absent(Text);
const int = z.unknown().transform((value, context) => {
  const found = toInt64(value);
  if (found !== null && typeof found === "number") return found;
  context.addIssue({ code: "custom", message: "Expected a whole number." });
  return z.NEVER;
});
export const Int = int;
export const OptionalInt = z.unknown().optional().transform((value, context) => {
  if (value === undefined || value === null || value === "") return undefined;
  const found = toInt64(value);
  if (typeof found === "number") return found;
  context.addIssue({ code: "custom", message: "Expected a whole number." });
  return z.NEVER;
});
/** A query's repeated key, one value, or a body's array. */
export const listOf = <Schema extends z.ZodType>(of: Schema) => z.preprocess((value) => (value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]), z.array(of));
export const Texts = listOf(Text);
export const Pairs = z.array(z.object({ key: Text, value: z.preprocess((value) => value ?? "", Text) })).nullish().transform((pairs) => pairs ?? []);
/** An id that may come as a number: experiment ids once were. */
export const IdText = z.preprocess((value) => (typeof value === "number" || typeof value === "bigint" ? String(value) : value), Text);

/** Query parameters as an object; keys that repeat become arrays. */
export function queryOf(url: string): Record<string, unknown> {
  const found: Record<string, string | string[]> = {};
  for (const [key, value] of new URL(url).searchParams) {
    const before = found[key];
    found[key] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value];
  }
  return found;
}
