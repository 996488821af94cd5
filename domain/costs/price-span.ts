import type { PriceLineView } from "./cost-view.ts";
import { replaces } from "./replaces.ts";

/** Until when a line of the price book holds. */
export interface PriceSpan {
  /** Another one of the same scope holds from then on; null: none yet. */
  until: Date | null;
  /** The version with a line that begins at the same moment: this one holds for reports of earlier versions only. */
  replacedBy: number | null;
}

type Line = Pick<PriceLineView, "version" | "kind" | "cluster" | "model" | "capacityClass" | "validFrom">;

const scopeOf = ({ kind, cluster, model, capacityClass }: Line): string => JSON.stringify([kind, cluster, model, capacityClass]);
const datedOf = ({ version, validFrom }: Line) => ({ version, validFrom: validFrom.getTime() });

/** @param lines All of the book, in any order. */
export function priceSpan(line: Line, lines: readonly Line[]): PriceSpan {
  const later = lines.filter((other) => other !== line && scopeOf(other) === scopeOf(line) && replaces(datedOf(other), datedOf(line)));
  const same = later.filter((other) => other.validFrom.getTime() === line.validFrom.getTime());
  const next = later.filter((other) => !same.includes(other)).map(({ validFrom }) => validFrom.getTime());
  return { until: next.length > 0 ? new Date(Math.min(...next)) : null, replacedBy: same.length > 0 ? Math.max(...same.map(({ version }) => version)) : null };
}
