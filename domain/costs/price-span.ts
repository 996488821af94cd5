import type { PriceLineView } from "./cost-view.ts";
import { heldOf } from "./held.ts";

/** Until when a line of the price book holds. */
export interface PriceSpan {
  /** Another one of the same scope holds from then on; null: none yet. */
  until: Date | null;
  /** The version with a line that begins at the same moment: this one holds for reports of earlier versions only. */
  replacedBy: number | null;
}

type Line = Pick<PriceLineView, "version" | "kind" | "cluster" | "model" | "capacityClass" | "validFrom">;

const scopeOf = ({ kind, cluster, model, capacityClass }: Line): string => JSON.stringify([kind, cluster, model, capacityClass]);
const startOf = (line: Line): string => `${scopeOf(line)} ${line.validFrom.getTime()}`;

/** Of each line of a book. @param lines All of it, in any order. */
export function priceSpans<One extends Line>(lines: readonly One[]): ReadonlyMap<One, PriceSpan> {
  const held = heldOf(lines.map((line) => ({ line, version: line.version, validFrom: line.validFrom.getTime() })), ({ line }) => scopeOf(line));
  const holding = new Map(held.map(({ item, until }) => [startOf(item.line), { line: item.line, until: until === Infinity ? null : new Date(until) }]));
  return new Map(lines.map((line) => {
    const { line: newest, until } = holding.get(startOf(line))!;
    return [line, { until, replacedBy: newest === line ? null : newest.version }];
  }));
}
