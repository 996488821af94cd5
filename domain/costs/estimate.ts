import { add, type Decimal, multiply, ZERO } from "./decimal.ts";
import { type HeldKind, HOUR_MS, milliOf } from "./metering.ts";
import { type CapacityClass } from "./metering.ts";
import { type PriceLine, priceAt } from "./price-book.ts";
import { QUANTITY_SCALE, ticksAt } from "./rating.ts";

/** What one attempt of a run holds, all nodes together, in thousandths. */
export interface Holds {
  accelerator: number;
  cpu: number;
  memory: number;
  model: string | null;
}

export function holdsOf(resources: { nodes: number; gpus: number; cpus: number; memory: number; gpuModel: string | null }): Holds {
  const { nodes, gpus, cpus, memory, gpuModel } = resources;
  return { accelerator: milliOf.accelerators(gpus * nodes), cpu: milliOf.cpus(cpus) * nodes, memory: milliOf.memory(memory) * nodes, model: gpuModel };
}

/** A place where it could run. */
export interface PricedPlace {
  clusterId: string;
  capacityClass: CapacityClass;
  /** Models of accelerators there; the dearest that fits is assumed. */
  models: readonly string[];
}

/** Price of one hour of these holds in one place; null where a kind that it holds has no price there. */
export function hourlyPrice(holds: Holds, place: PricedPlace, lines: readonly PriceLine[], at: number, version: number): Decimal | null {
  let total: Decimal = ZERO;
  for (const kind of ["accelerator", "cpu", "memory"] as const satisfies readonly HeldKind[]) {
    const milli = holds[kind];
    if (milli === 0) continue;
    const models = kind === "accelerator" ? modelsThatFit(holds.model, place.models) : [null];
    const found = models.map((model) => priceAt(lines, { kind, clusterId: place.clusterId, capacityClass: place.capacityClass, model }, at, version)).filter((price) => price !== null);
    if (found.length === 0) return null;
    const dearest = found.map(({ unitPrice }) => multiply({ units: BigInt(milli), scale: 3 }, unitPrice)).reduce((a, b) => (add(a, { units: -b.units, scale: b.scale }).units < 0n ? b : a));
    total = add(total, dearest);
  }
  return total;
}

const modelsThatFit = (wanted: string | null, models: readonly string[]): (string | null)[] => {
  const fitting = models.filter((model) => wanted === null || model.toLowerCase().includes(wanted.toLowerCase()));
  return fitting.length > 0 ? fitting : [wanted];
};

/** An hourly price over some milliseconds, by the same ticks as rating. */
export function over(hourly: Decimal, milliseconds: number): Decimal {
  const whole = BigInt(Math.floor(milliseconds / HOUR_MS)) * 10_000_000n;
  const ticks = whole + ticksAt(milliseconds % HOUR_MS);
  return multiply(hourly, { units: ticks, scale: QUANTITY_SCALE - 3 });
}
