/** One thing that runs have or lack: a parameter, a setting, a line of the environment. */
export interface DiffRow {
  key: string;
  /** By run, in the order asked for; null where it has none. */
  values: (string | null)[];
  differs: boolean;
}

/** Rows by name, numbers in names as numbers. @param only Just those that differ. */
export function diffRows(runs: readonly Readonly<Record<string, string>>[], only: boolean): DiffRow[] {
  const keys = [...new Set(runs.flatMap((run) => Object.keys(run)))].sort(collator.compare);
  return keys.flatMap((key) => {
    const values = runs.map((run) => (Object.hasOwn(run, key) ? run[key]! : null));
    const differs = values.some((value) => value !== values[0]);
    return only && !differs ? [] : [{ key, values, differs }];
  });
}

const collator = new Intl.Collator("en", { numeric: true });

/** Settings of a spec as flat names and texts: what a person would compare. `skip`: names shown elsewhere. */
export function flatten(value: unknown, skip: readonly string[] = []): Record<string, string> {
  const found: Record<string, string> = {};
  walk(value, "", found, new Set(skip));
  return found;
}

function walk(value: unknown, path: string, found: Record<string, string>, skip: ReadonlySet<string>): void {
  if (skip.has(path) || value === undefined || value === null) return;
  if (Array.isArray(value) ? value.every((one) => typeof one !== "object" || one === null) : typeof value !== "object") {
    found[path] = typeof value === "string" ? value : JSON.stringify(value);
    return;
  }
  for (const [key, inner] of Object.entries(value as object)) walk(inner, path ? `${path}.${key}` : key, found, skip);
}
