/** For sorting: −1, 0 or 1; texts by their code units, numbers and bigints by their values. */
export const ordered = <Value extends string | number | bigint>(a: Value, b: Value): number => (a < b ? -1 : a > b ? 1 : 0);
