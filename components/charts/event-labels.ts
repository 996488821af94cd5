export interface ChartEvent {
  x: number;
  label: string;
}
export interface PlacedEvent extends ChartEvent {
  /** Where the label stands, as Recharts names the side of the box that it hangs on; null where another is in its way. */
  side: "insideTopLeft" | "insideTopRight" | null;
}

/** Width of a letter and of the space around a label, as parts of a narrow plot's 320 px. */
const LETTER = 6 / 320;
const AROUND = 12 / 320;
/** A label stands where there is room: right of its line, except near the right edge. */
const TURNS_AT = 0.7;

/** The events within the axis, in order, with as many labels as can be read: none lies over another. The tooltip names the rest. */
export function placeEvents(events: readonly ChartEvent[], [from, to]: readonly [number, number]): PlacedEvent[] {
  const taken: [number, number][] = [];
  return events.filter(({ x }) => x >= from && x <= to).toSorted((a, b) => a.x - b.x).map((event) => {
    const at = (event.x - from) / (to - from || 1);
    const width = event.label.length * LETTER + AROUND;
    const isRight = at < TURNS_AT;
    const span: [number, number] = isRight ? [at, at + width] : [at - width, at];
    if (taken.some(([low, high]) => span[0] < high && span[1] > low)) return { ...event, side: null };
    taken.push(span);
    return { ...event, side: isRight ? "insideTopLeft" : "insideTopRight" };
  });
}

/** How near to the pointer an event is named, as a part of the axis. */
const NEAR = 0.02;

export const eventsNear = (events: readonly ChartEvent[], x: number, span: number): ChartEvent[] => events.filter((event) => Math.abs(event.x - x) <= span * NEAR);
