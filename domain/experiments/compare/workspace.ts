import { isSlowPattern, SLOW_PATTERN } from "../../shared/slow-pattern.ts";

/** The charts of a comparison: what each shows, how large it is, in which order. Pure; no zod, so that a page stays small. */

export const PANEL_KINDS = ["lines", "scatter", "parallel", "contour", "importance"] as const;
export type PanelKind = (typeof PANEL_KINDS)[number];

export interface Panel {
  kind: PanelKind;
  /** Lines: a metric, or a /regular expression/ that finds some. The others: columns, `metric:loss` or `param:lr`, in the order of their axes. */
  of: string[];
  /** Columns of the grid, 1 to 3. */
  wide: number;
  /** Height, 1 to 3. */
  tall: number;
}

export const MAX_PANELS = 60;
const MAX_OF = 12;
const MAX_KEY = 260;
export const PANEL_HEIGHTS = [200, 320, 460] as const;

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
const sizeOf = (value: unknown) => (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 3 ? value : 1);

/** What a link or a saved view says; null for what is no list of panels. Single panels that make no sense are left out. */
export function parsePanels(value: unknown): Panel[] | null {
  if (!Array.isArray(value)) return null;
  return value.slice(0, MAX_PANELS).flatMap((one): Panel[] => {
    if (!isRecord(one)) return [];
    const kind = PANEL_KINDS.find((known) => known === (one.k ?? "lines"));
    const of = Array.isArray(one.of) ? one.of.filter((key): key is string => typeof key === "string" && key.length > 0 && key.length <= MAX_KEY).slice(0, MAX_OF) : [];
    return kind && of.length > 0 ? [{ kind, of, wide: sizeOf(one.w), tall: sizeOf(one.h) }] : [];
  });
}

/** Short, for a URL: sizes and kinds that are usual are not written. */
export function packPanels(panels: readonly Panel[]): unknown[] {
  return panels.map(({ kind, of, wide, tall }) => ({ ...(kind === "lines" ? {} : { k: kind }), of, ...(wide > 1 ? { w: wide } : {}), ...(tall > 1 ? { h: tall } : {}) }));
}

export const linesPanel = (key: string): Panel => ({ kind: "lines", of: [key], wide: 1, tall: 1 });

/** A name of its own for each chart: what it is of, and which of several such it is. */
export function panelNames(panels: readonly Panel[]): string[] {
  const seen = new Map<string, number>();
  return panels.map(({ kind, of }) => {
    const name = JSON.stringify([kind, ...of]);
    const nth = (seen.get(name) ?? 0) + 1;
    seen.set(name, nth);
    return nth === 1 ? name : `${name} ${nth}`;
  });
}

/** Up or down by one place; at an end nothing moves. */
export function movePanel(panels: readonly Panel[], from: number, to: number): Panel[] {
  if (to < 0 || to >= panels.length || from === to) return [...panels];
  const copy = [...panels];
  const [moved] = copy.splice(from, 1);
  copy.splice(to, 0, moved!);
  return copy;
}

export const resizePanel = (panels: readonly Panel[], at: number, size: Partial<Pick<Panel, "wide" | "tall">>): Panel[] => panels.map((panel, place) => (place === at ? { ...panel, ...size } : panel));

export const isPattern = (key: string): boolean => /^\/.+\/i?$/s.test(key);
/** Metrics of one panel, drawn together. */
export const MAX_PANEL_KEYS = 6;

/**
 * Metrics that a panel draws: the one it names, or those its pattern finds, in the order given.
 * @returns `problem`: the pattern is no regular expression, or finds nothing, or more than a chart can hold.
 */
export function panelKeys(of: string, known: readonly string[]): { keys: string[]; problem: string | null } {
  if (!isPattern(of)) return { keys: [of], problem: null };
  const [, pattern, flags] = /^\/(.+)\/(i?)$/s.exec(of)!;
  let test: RegExp;
  try {
    test = new RegExp(pattern!, flags);
  } catch (error) {
    return { keys: [], problem: error instanceof Error ? error.message : "Not a regular expression." };
  }
  if (isSlowPattern(pattern!)) return { keys: [], problem: SLOW_PATTERN };
  const found = known.filter((key) => test.test(key));
  if (found.length === 0) return { keys: [], problem: `No metric matches ${of}.` };
  return { keys: found.slice(0, MAX_PANEL_KEYS), problem: found.length > MAX_PANEL_KEYS ? `The first ${MAX_PANEL_KEYS} of ${found.length} metrics that match.` : null };
}

/** A pattern as a panel keeps it, however it was typed. */
export const asPattern = (text: string): string => (isPattern(text) ? text : `/${text}/`);

export type NewPanelKind = PanelKind | "pattern";
const AXES_NEEDED = { parallel: 2, scatter: 2, contour: 3 } as const;

/** The panel that a person composes; null while something is missing. */
export function newPanel(kind: NewPanelKind, { metric, pattern, axes }: { metric: string; pattern: string; axes: readonly string[] }): Panel | null {
  if (kind === "lines") return metric ? linesPanel(metric) : null;
  if (kind === "pattern") return pattern ? linesPanel(pattern) : null;
  if (kind === "importance") return metric ? { kind, of: [`metric:${metric}`], wide: 1, tall: 2 } : null;
  return axes.length >= AXES_NEEDED[kind] ? { kind, of: [...axes], wide: kind === "parallel" ? 3 : 1, tall: 2 } : null;
}

/** A column as the URL writes it. */
export interface ColumnRef {
  kind: "metric" | "param" | "tag";
  key: string;
}

/** `metric:loss`, `param:lr`; null for anything else. */
export function columnOf(text: string): ColumnRef | null {
  const match = /^(metric|param|tag):(.+)$/s.exec(text);
  return match ? { kind: match[1] as ColumnRef["kind"], key: match[2]! } : null;
}

/** Columns to begin with: parameters that differ, then the metric that one looks at first. */
export function firstAxes(params: readonly { key: string; distinct: number }[], metrics: readonly string[], count: number): string[] {
  const differing = params.filter(({ distinct }) => distinct > 1).map(({ key }) => `param:${key}`);
  return [...differing.slice(0, Math.max(1, count - 1)), ...metrics.slice(0, Math.max(1, count - Math.min(differing.length, count - 1))).map((key) => `metric:${key}`)].slice(0, count);
}
