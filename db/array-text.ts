/** An array as Postgres writes it, in one parameter: arrays of different lengths do not go up as one, and thousands of values are quickly said so. */
export const arrayText = (values: readonly (string | number | null)[]): string => `{${values.map(element).join(",")}}`;

function element(value: string | number | null): string {
  if (value === null) return "NULL";
  return typeof value === "number" ? String(value) : `"${value.replace(/["\\]/g, "\\$&")}"`;
}
