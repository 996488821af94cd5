/** SVG path of values over equal distances; null and non-finite values break the line. Flat lines lie in the middle. */
export function sparkPath(values: readonly (number | null)[], width: number, height: number): string {
  const finite = values.filter((value): value is number => value !== null && Number.isFinite(value));
  if (finite.length === 0) return "";
  const low = Math.min(...finite);
  const span = Math.max(...finite) - low;
  const x = (at: number) => (values.length === 1 ? width / 2 : (at / (values.length - 1)) * width);
  const y = (value: number) => (span === 0 ? height / 2 : height - 1 - ((value - low) / span) * (height - 2));
  let path = "";
  let drawing = false;
  values.forEach((value, at) => {
    if (value === null || !Number.isFinite(value)) {
      drawing = false;
      return;
    }
    path += `${drawing ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    drawing = true;
  });
  return path;
}
