/** `Key=Value Key=Value …` of scontrol's one-line form. Values may hold spaces: a key is a word before `=` after a space. */
export function parseRecord(line: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const match of line.matchAll(/(?:^|\s)([A-Za-z][A-Za-z0-9_/:]*)=(.*?)(?=\s+[A-Za-z][A-Za-z0-9_/:]*=|\s*$)/g)) found.set(match[1]!, match[2]!.trim());
  return found;
}
