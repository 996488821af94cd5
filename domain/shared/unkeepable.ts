import type { FieldIssue } from "./errors.ts";

const MOST_DEEP = 64;

/** Why a text cannot be kept: the database's texts are Unicode without NUL. */
function problemOf(text: string): string | null {
  if (text.includes("\0")) return "It holds a NUL character, which no text here can. Leave it out.";
  return text.isWellFormed() ? null : "It holds half of a character (a lone surrogate). Write it whole, or leave it out.";
}

/**
 * The first text of an input, value or name, that could not be kept, and where it stands; null where all can be.
 * @param value As it came: objects, lists and texts are looked into, what else there is cannot hold any.
 */
export function findUnkeepable(value: unknown, path: readonly string[] = []): FieldIssue | null {
  if (typeof value === "string") {
    const message = problemOf(value);
    return message === null ? null : { field: path.join(".") || "input", message };
  }
  if (typeof value !== "object" || value === null || path.length > MOST_DEEP) return null;
  for (const [name, inner] of Object.entries(value)) {
    const message = problemOf(name);
    const found = message === null ? findUnkeepable(inner, [...path, name]) : { field: path.join(".") || "input", message: `A name in it: ${message}` };
    if (found) return found;
  }
  return null;
}
