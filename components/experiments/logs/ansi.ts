import Anser from "anser";
import type { CSSProperties } from "react";
import { isSlowPattern } from "../../../domain/shared/slow-pattern.ts";

/** A piece of a line in one look. Text stays text: nothing here makes markup. */
export interface Span {
  text: string;
  style?: CSSProperties;
  /** Found by the search. */
  marked?: boolean;
}

const NAMED = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/** `ansi-red`, `ansi-bright-red`, `ansi-palette-201` or `r, g, b` as a CSS colour that suits both schemes. */
function cssColor(name: string | null, truecolor: string | null): string | undefined {
  if (!name) return undefined;
  const base = name.replace(/^ansi-(bright-)?/, "");
  if (NAMED.includes(base)) return `var(--ansi-${base})`;
  const rgb = name === "ansi-truecolor" ? truecolor : paletteColor(Number(/^ansi-palette-(\d+)$/.exec(name)?.[1]));
  // A program picked the colour for its author's terminal: half of it is kept, so that it can be read on ours.
  return rgb ? `color-mix(in oklab, rgb(${rgb}) 62%, var(--mantine-color-text))` : undefined;
}

/** xterm's 256 colours: 16 named ones, a cube of 6×6×6, then 24 greys. */
function paletteColor(index: number): string | null {
  if (Number.isNaN(index) || index < 16 || index > 255) return null;
  if (index >= 232) return Array(3).fill(8 + 10 * (index - 232)).join(", ");
  const level = (part: number) => (part === 0 ? 0 : 55 + 40 * part);
  const at = index - 16;
  return [level(Math.floor(at / 36)), level(Math.floor(at / 6) % 6), level(at % 6)].join(", ");
}

// oxlint-disable-next-line no-control-regex
const COLONED = /\u001b\[([0-9;]*:[0-9;:]*)m/g;

/** Codes with colons as the older ones with semicolons, which are all that Anser knows; a colour of underlines is left out. */
function plainCodes(codes: string): string {
  const plain = codes.split(";").flatMap((code) => {
    const [kind, ...rest] = code.split(":");
    if (rest.length === 0) return [code];
    if (kind === "4") return [rest[0] === "0" ? "24" : "4"];
    if (kind !== "38" && kind !== "48") return [];
    return [[kind, rest[0], ...(rest[0] === "2" ? rest.slice(-3) : rest.slice(1, 2))].join(";")]; // a colour space may stand before red
  });
  return plain.length > 0 ? `\u001b[${plain.join(";")}m` : "";
}

/** A rendered line (see renderLine) as spans. */
export function ansiSpans(line: string): Span[] {
  if (!line.includes("\u001b")) return line === "" ? [] : [{ text: line }];
  return Anser.ansiToJson(line.replace(COLONED, (_, codes: string) => plainCodes(codes)), { json: true, use_classes: true, remove_empty: true }).map((entry) => {
    const style: CSSProperties = {};
    const color = cssColor(entry.fg, entry.fg_truecolor);
    const background = cssColor(entry.bg, entry.bg_truecolor);
    if (color) style.color = color;
    if (background) style.background = `color-mix(in srgb, ${background} 22%, transparent)`;
    const decorations = new Set<string>(entry.decorations);
    if (decorations.has("bold")) style.fontWeight = 600;
    if (decorations.has("italic")) style.fontStyle = "italic";
    if (decorations.has("underline")) style.textDecoration = "underline";
    return Object.keys(style).length > 0 ? { text: entry.content, style } : { text: entry.content };
  });
}

/** Where `test` matches in the plain text, as [from, to). A pattern that matches nothing at all is passed over. */
export function rangesOf(plain: string, test: RegExp | null): [number, number][] {
  if (!test) return [];
  const ranges: [number, number][] = [];
  for (const match of plain.matchAll(test)) {
    if (match[0].length > 0) ranges.push([match.index, match.index + match[0].length]);
    if (ranges.length >= 200) break;
  }
  return ranges;
}

/** The same spans, cut where ranges of the plain text begin and end. */
export function markSpans(spans: readonly Span[], ranges: readonly [number, number][]): Span[] {
  if (ranges.length === 0) return [...spans];
  const out: Span[] = [];
  let offset = 0;
  for (const span of spans) {
    let at = 0;
    for (const [from, to] of ranges) {
      const start = Math.max(at, from - offset);
      const end = Math.min(span.text.length, to - offset);
      if (start >= end) continue;
      if (start > at) out.push({ ...span, text: span.text.slice(at, start) });
      out.push({ ...span, text: span.text.slice(start, end), marked: true });
      at = end;
    }
    if (at < span.text.length) out.push({ ...span, text: span.text.slice(at) });
    offset += span.text.length;
  }
  return out;
}

/** What the server looks for, for marking it in the browser: any case unless a capital is asked for. null: nothing to mark. */
export function searchPattern(text: string, regex: boolean): RegExp | null {
  if (!text) return null;
  const source = regex ? text : text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  try {
    if (regex && isSlowPattern(source)) return null; // found by the server, and not marked: a line of it could hold the page up
    return new RegExp(source, text === text.toLowerCase() ? "gi" : "g");
  } catch {
    return null; // RE2 knows forms that browsers do not; the server still finds the lines
  }
}
