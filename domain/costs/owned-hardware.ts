import { compare, type Decimal, decimal, decimalText, divide, multiply, subtract, sum, trimmed, ZERO } from "./decimal.ts";

/** A twelfth of 365.25 days. */
const HOURS_A_MONTH = decimal("730.5");
const DIGITS = 6;

/** What a machine of one's own costs: plain decimals as text; empty is nothing. */
export interface OwnedHardware {
  purchase: string;
  /** What it can be sold for in the end. */
  residual: string;
  /** Over which it is written off, straight. */
  months: string;
  /** Drawn at work, of the whole machine. */
  kilowatts: string;
  /** Power usage effectiveness: what cooling and loss add, 1.0 is nothing. */
  pue: string;
  /** Of a kilowatt-hour. */
  tariff: string;
  /** Space, network, staff and support a month. */
  monthly: string;
  /** Accelerators (or cores, or GiB) of the machine. */
  units: string;
}
export const NO_HARDWARE: OwnedHardware = { purchase: "", residual: "", months: "48", kilowatts: "", pue: "1.3", tariff: "", monthly: "", units: "8" };

export interface OwnedPrice {
  /** Of an hour of one unit, whether it is used or not: so idle hours stay visible instead of being smeared over the used ones. */
  unitPrice: string;
  /** Its parts, of an hour of one unit. */
  hardware: string;
  power: string;
  monthly: string;
}

export type OwnedProblem = { field: keyof OwnedHardware; message: string };

/** (purchase − residual) / hours + kW × PUE × tariff + monthly / 730.5 h, for each of the units. @returns the first thing that is wrong, by field. */
export function priceOfOwned(hardware: OwnedHardware): OwnedPrice | OwnedProblem {
  const read = {} as Record<keyof OwnedHardware, Decimal>;
  for (const field of Object.keys(hardware) as (keyof OwnedHardware)[]) {
    const text = hardware[field].trim();
    if (text !== "" && !/^\d{1,12}(\.\d{1,8})?$/.test(text)) return { field, message: "Write it as plain digits, such as 320000 or 0.25." };
    read[field] = text === "" ? ZERO : decimal(text);
  }
  const { purchase, residual, months, kilowatts, pue, tariff, monthly, units } = read;
  for (const field of ["months", "units"] as const) if (compare(read[field], ZERO) <= 0) return { field, message: "Must be more than nothing." };
  if (compare(residual, purchase) > 0) return { field: "residual", message: "Must not be more than it was bought for." };
  if (compare(kilowatts, ZERO) > 0 && compare(pue, decimal("1")) < 0) return { field: "pue", message: "Is 1 or more: all that the machine draws counts." };
  const each = (whole: Decimal) => divide(whole, units, DIGITS);
  const parts = {
    hardware: each(divide(subtract(purchase, residual), multiply(months, HOURS_A_MONTH), DIGITS + 6)),
    power: each(multiply(multiply(kilowatts, pue), tariff)),
    monthly: each(divide(monthly, HOURS_A_MONTH, DIGITS + 6)),
  };
  const text = (amount: Decimal) => decimalText(trimmed(amount));
  return { unitPrice: text(sum(Object.values(parts))), hardware: text(parts.hardware), power: text(parts.power), monthly: text(parts.monthly) };
}

/** How the price came about, for its note. */
export function ownedNote({ purchase, residual, months, kilowatts, pue, tariff, monthly, units }: OwnedHardware): string {
  const parts = [`${purchase || "0"}${residual ? ` less ${residual}` : ""} over ${months} months`, kilowatts ? `${kilowatts} kW × PUE ${pue} × ${tariff || "0"}` : "", monthly ? `${monthly} a month` : ""];
  return `Owned: ${parts.filter(Boolean).join(", ")}, for ${units} units.`;
}
