"use client";
import { memo, useId } from "react";
import type { Line } from "../../domain/experiments/compare/lines.ts";
import { colourOf } from "./colours.ts";
import { bandOf, pathOf } from "./line-path.ts";
import type { Scales, To } from "./scales.ts";
import type { LinesLook } from "./lines-chart.tsx";

/** All lines, the others first, so that those in colour lie above them. */
export const LinesLayer = memo(function LinesLayer({ lines, look, scales: { x, y, area } }: { lines: readonly Line[]; look: LinesLook; scales: Scales }) {
  const clip = useId();
  const ordered = [...lines].sort((a, b) => Number(look.strokeOf(a.id).slot !== null) - Number(look.strokeOf(b.id).slot !== null));
  return (
    <g clipPath={`url(#${clip})`} style={{ pointerEvents: "none" }}>
      <clipPath id={clip}><rect x={area.x} y={area.y} width={area.width} height={area.height} /></clipPath>
      {look.band && ordered.filter(({ hasBand, id }) => hasBand && (lines.length <= 12 || look.strokeOf(id).slot !== null)).map((line) => <path key={line.id} d={bandOf(line.raw, line.gap, x, y)} fill={colourOf(look.strokeOf(line.id).slot)} fillOpacity={0.14} stroke="none" />)}
      {look.smoothed && ordered.map((line) => <path key={line.id} d={pathOf(line.raw, line.gap, x, y)} fill="none" stroke={colourOf(look.strokeOf(line.id).slot)} strokeWidth={1} strokeOpacity={0.22} />)}
      {ordered.map((line) => <OneLine key={line.id} line={line} look={look} x={x} y={y} />)}
    </g>
  );
});

export function OneLine({ line, look, x, y, strong }: { line: Line; look: LinesLook; x: To; y: To; strong?: boolean }) {
  const { slot, dashed } = look.strokeOf(line.id);
  const stroke = colourOf(slot);
  if (line.points.length === 1) return <circle cx={x(line.points[0]!.x)} cy={y(line.points[0]!.y)} r={strong ? 4 : 2.5} fill={stroke} />;
  return <path d={pathOf(line.points, line.gap, x, y)} fill="none" stroke={stroke} strokeWidth={strong ? 3 : slot === null ? 1 : 1.6} strokeOpacity={slot === null && !strong ? 0.5 : 1} {...(dashed ? { strokeDasharray: "5 3" } : {})} strokeLinejoin="round" />;
}
