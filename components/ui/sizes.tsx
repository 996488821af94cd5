import { formatBytes, formatCount, formatMib, formatNumber } from "../../domain/shared/format.ts";

const nowrap = { whiteSpace: "nowrap" } as const;

/** "1.5 KiB", exact count on hover. */
export function Bytes({ value }: { value: number | null | undefined }) {
  return value === null || value === undefined ? <span className="dim">—</span> : <span style={nowrap} title={`${formatCount(value)} bytes`}>{formatBytes(value)}</span>;
}

/** MiB as "4 GiB". */
export function Mib({ value }: { value: number | null | undefined }) {
  return value === null || value === undefined ? <span className="dim">—</span> : <span style={nowrap} title={`${formatCount(value)} MiB`}>{formatMib(value)}</span>;
}

/** A measured value in four digits, in full on hover. */
export function Num({ value, unit }: { value: number | null | undefined; unit?: string }) {
  if (value === null || value === undefined) return <span className="dim">—</span>;
  return <span style={nowrap} title={String(value)}>{unit ? `${formatNumber(value)} ${unit}` : formatNumber(value)}</span>;
}
