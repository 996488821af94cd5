import { z } from "zod";

const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };
const MIB: Record<string, number> = { Mi: 1, MiB: 1, Gi: 1024, GiB: 1024, Ti: 1_048_576, TiB: 1_048_576, M: 1e6 / 1_048_576, MB: 1e6 / 1_048_576, G: 1e9 / 1_048_576, GB: 1e9 / 1_048_576 };

/**
 * Seconds of a duration such as `90s`, `2h30m`, `1d`, or a plain number of seconds.
 * @returns null when the text is not a duration.
 */
export function parseDuration(text: string): number | null {
  const plain = /^\d+$/.exec(text);
  if (plain) return Number(text);
  if (!/^(\d+[smhd])+$/.test(text)) return null;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)([smhd])/g)) total += Number(amount) * SECONDS[unit!]!;
  return total;
}

/**
 * MiB of a size such as `4GiB`, `512Mi`, `16GB`; a plain number is MiB. Rounded up, so that a request is never cut.
 * @returns null when the text is not a size.
 */
export function parseMemory(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text.trim());
  if (!match) return null;
  const factor = match[2] === "" ? 1 : MIB[match[2]!];
  return factor === undefined ? null : Math.ceil(Number(match[1]) * factor);
}

/** Parses to seconds. Accepts its own output, so a stored spec can be parsed again. */
export const Duration = z.union([z.number(), z.string()]).transform((value, ctx) => {
  const seconds = typeof value === "number" ? value : parseDuration(value);
  if (seconds === null || !Number.isInteger(seconds) || seconds < 1 || seconds > 31_536_000) {
    ctx.addIssue({ code: "custom", message: "Expected a duration between 1s and 365d, such as 90s, 30m or 2h30m." });
    return z.NEVER;
  }
  return seconds;
});

/** Parses to MiB. Accepts its own output. */
export const Memory = z.union([z.number(), z.string()]).transform((value, ctx) => {
  const mib = typeof value === "number" ? value : parseMemory(value);
  if (mib === null || !Number.isInteger(mib) || mib < 16 || mib > 67_108_864) {
    ctx.addIssue({ code: "custom", message: "Expected memory between 16MiB and 64TiB, such as 512MiB or 4GiB." });
    return z.NEVER;
  }
  return mib;
});
