import { parse } from "yaml";
import { writeSpec } from "./spec-document.ts";

/** Overrides as they are written, as the spec has them: settings by scheduler, or the text itself while that is none. */
export type Overrides = Record<string, unknown> | string;

export const overridesText = (value: Overrides | undefined): string => (typeof value === "string" ? value : writeSpec(value ?? {}));

/**
 * A text that is not understood becomes the spec's value as it stands: the spec is then wrong there, and no run is submitted
 * with the settings that were written before.
 */
export function readOverrides(text: string): { value: Overrides | undefined; problem: string | null } {
  try {
    const read = parse(text, { maxAliasCount: 0 }) as unknown;
    if (read === null || read === undefined) return { value: undefined, problem: null };
    if (typeof read !== "object" || Array.isArray(read)) throw new Error("Expected a scheduler's name with its settings under it.");
    return { value: Object.keys(read).length === 0 ? undefined : (read as Record<string, unknown>), problem: null };
  } catch (cause) {
    return { value: text, problem: cause instanceof Error ? cause.message.split("\n")[0]! : "Not YAML." };
  }
}
