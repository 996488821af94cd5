import type { CostStand } from "./cost-view.ts";
import { compare, type Decimal, decimal, decimalText, sum } from "./decimal.ts";
import type { Allowed } from "../experiments/run-view.ts";
import type { CapacityClass } from "./metering.ts";
import { type PriceLine, priceAt } from "./price-book.ts";

/** What is looked at: the mean of this long, of runs that have held their accelerators at least so long. */
export const WASTE_WINDOW_MINUTES = 60;
export const WASTE_LEAST_MINUTES = 10;
/** Below this mean use, in percent, an accelerator that is held counts as idle. */
export const IDLE_PERCENT = 5;

/** One accelerator that somebody holds, as measured. */
export interface HeldCard {
  clusterId: string;
  runId: string;
  model: string;
  capacityClass: CapacityClass;
  /** Percent, the mean of the window; null where it is not measured. */
  use: number | null;
}

/** How some accelerators stand right now. */
export interface Standing {
  total: number;
  /** Held, and used. */
  busy: number;
  /** Held by a run that does nothing with it. */
  idleHeld: number;
  /** Held, and nobody measures what for. */
  unmeasured: number;
  free: number;
}
export interface ClusterWaste extends Standing {
  id: string;
  name: string;
}
export interface NodeWaste extends Standing {
  node: string;
  /** Percent, the mean over those that are held and measured; null where none is. */
  use: number | null;
  /** Who holds the idle ones. An empty id, and no owner: a run that the viewer may not see. */
  idle: { run: { id: string; name: string }; owner: string | null; count: number; heldSince: Date }[];
}
export interface IdleRun {
  id: string;
  name: string;
  owner: string;
  project: string;
  /** May the caller stop it; if not, why. */
  cancel: Allowed;
  cluster: string;
  nodes: string[];
  /** Of those that it holds, the ones that do nothing. */
  idle: number;
  held: number;
  /** All that it holds: of those of several nodes it may not be known which they are. */
  asked: number;
  /** Percent, over all that it holds. */
  use: number;
  heldSince: Date;
  /** What the idle ones cost in an hour; null where they have no price. */
  perHour: string | null;
}
export interface WasteView extends CostStand {
  clusters: ClusterWaste[];
  runs: IdleRun[];
  /** All of `runs` together; null where none of it has a price. */
  perHour: string | null;
}

export const isIdle = ({ use }: HeldCard): boolean => use !== null && use < IDLE_PERCENT;

/** Counts cards by how they stand. @param unnamed Held, of the cards that no run is known to hold. */
export function standing(cards: readonly { isHeld: boolean; isIdle: boolean; use: number | null }[], unnamed: number): Standing & { use: number | null } {
  const held = cards.filter(({ isHeld }) => isHeld);
  const measured = held.flatMap(({ use }) => (use === null ? [] : [use]));
  const idleHeld = held.filter((card) => card.isIdle).length;
  const dark = held.length - measured.length;
  const more = Math.min(unnamed, cards.length - held.length);
  return { total: cards.length, busy: measured.length - idleHeld, idleHeld, unmeasured: dark + more, free: cards.length - held.length - more, use: measured.length > 0 ? measured.reduce((sum, use) => sum + use, 0) / measured.length : null };
}

/** What an hour of these accelerators costs; null where none of them has a price. */
export function hourOf(cards: readonly HeldCard[], lines: readonly PriceLine[], at: number, version: number): Decimal | null {
  const prices = cards.map(({ clusterId, model, capacityClass }) => priceAt(lines, { kind: "accelerator", clusterId, model, capacityClass }, at, version)?.unitPrice).filter((price) => price !== undefined);
  return prices.length > 0 ? sum(prices) : null;
}

/** The dearest first; those without a price by how many they hold idle. */
export function byWaste(a: Pick<IdleRun, "perHour" | "idle">, b: Pick<IdleRun, "perHour" | "idle">): number {
  const money = compare(decimal(b.perHour ?? "0"), decimal(a.perHour ?? "0"));
  return money || b.idle - a.idle;
}

export const sumOfHours = (runs: readonly Pick<IdleRun, "perHour">[]): string | null => {
  const known = runs.map(({ perHour }) => perHour).filter((price) => price !== null);
  return known.length > 0 ? decimalText(sum(known.map(decimal))) : null;
};
