/** How wide a table's column may be, px. */
export const COLUMN_WIDTHS = { min: 48, max: 900 } as const;
const STEP = 16;

export const clampWidth = (width: number): number => Math.round(Math.max(COLUMN_WIDTHS.min, Math.min(COLUMN_WIDTHS.max, width)));

/**
 * A column's width, px, after a key was pressed on its edge; null for a key that does nothing there.
 * Source: WAI-ARIA Authoring Practices, window splitter.
 */
export function widthAfterKey(width: number, key: string): number | null {
  if (key === "ArrowLeft") return clampWidth(width - STEP);
  if (key === "ArrowRight") return clampWidth(width + STEP);
  if (key === "Home") return COLUMN_WIDTHS.min;
  return key === "End" ? COLUMN_WIDTHS.max : null;
}
