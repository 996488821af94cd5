"use client";
import { useRouter } from "next/navigation";
import { ResponsiveContainer, Treemap } from "recharts";
import type { Share } from "./share-map.tsx";
import classes from "./share-map.module.css";

/** Room that a label needs, in pixels. */
const LETTER = 7;
const LINE = 16;
const INSET = 8;

interface Cell {
  x: number;
  y: number;
  width: number;
  height: number;
  depth: number;
  share?: Share;
}

/** The areas themselves: where there is room, with name and value; all of it on hover. */
export function ShareMapPlot({ shares, height }: { shares: readonly Share[]; height: number }) {
  const router = useRouter();
  const data = shares.map((share) => ({ name: share.label, size: share.size, share }));
  return (
    <ResponsiveContainer width="100%" height={height}>
      <Treemap data={data} dataKey="size" nameKey="name" aspectRatio={1.6} isAnimationActive={false} content={(cell: unknown) => <Area {...(cell as Cell)} open={(href) => router.push(href)} />} />
    </ResponsiveContainer>
  );
}

function Area({ x, y, width, height, depth, share, open }: Cell & { open: (href: string) => void }) {
  if (depth === 0 || !share) return <g />;
  const { label, value, href, isRest } = share;
  const room = Math.floor((width - 2 * INSET) / LETTER);
  const lines = Math.floor((height - INSET) / LINE);
  return (
    <g className={classes.area} data-rest={isRest || undefined} data-link={href ? true : undefined} onClick={href ? () => open(href) : undefined}>
      <title>{`${label}: ${value}`}</title>
      <rect x={x + 1} y={y + 1} width={Math.max(0, width - 2)} height={Math.max(0, height - 2)} rx={3} />
      {lines >= 1 && room >= 4 && <text x={x + INSET} y={y + INSET + 11}>{label.length <= room ? label : `${label.slice(0, room - 1)}…`}</text>}
      {lines >= 2 && room >= value.length && <text className={classes.value} x={x + INSET} y={y + INSET + 11 + LINE}>{value}</text>}
    </g>
  );
}
