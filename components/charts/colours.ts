/** A series' colour from its slot; null is one of the others. */
export const colourOf = (slot: number | null): string => (slot === null ? "var(--chart-others)" : `var(--chart-${slot})`);
