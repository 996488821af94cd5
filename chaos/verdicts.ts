const failed: string[] = [];

/** Say how one check went, with what was wrong; that is said once more at the end, where a long log is read first. */
export function tellVerdict(what: string, rest: string, problems: readonly string[]): void {
  const lines = [`${what}: ${problems.length === 0 ? "ok" : "FAILED"} ${rest}`, ...problems.map((problem) => `  ${problem}`)];
  for (const line of lines) console.log(line);
  if (problems.length > 0) failed.push(...lines);
}

export function repeatFailures(): void {
  if (failed.length > 0) console.log(`\nWhat failed, once more:\n${failed.join("\n")}`);
}
