export interface Finding {
  file: string;
  line: number;
  says: string;
}

/** What agents and clocks report is nobody's act: these apply reports, and write events instead of audit entries. */
const REPORTED = /^server\/(agents\/commands\/(inventory|presence)|experiments\/commands\/(transitions|log-ingest|metric-ingest|mlflow-log|artifact-ingest|checkpoints|archive|placement|leases)|clusters\/commands\/telemetry-ingest|costs\/commands\/(usage-ingest|witness-ingest|outside-ingest|capacity|posting|served|stored))\.ts$/;

/** Conversions that lose digits, in code and in SQL, and money that is declared a number. */
const MONEY_AS_NUMBER = /\b(?:Number(?:\.parseFloat)?|parseFloat)\s*\(|\.toFixed\(|\b(?:amount|price|cost|spent|held|remaining|money|total|provisional)\b\s*\)?::\s*(?:float[48]?|real|double precision|int[48]?|bigint)|\b\w*(?:[aA]mount|[pP]rice|[cC]ost|[mM]oney|[sS]pent|[rR]emaining)\??: number\b|mode: "number"/g;

const lineOf = (text: string, index: number): number => text.slice(0, index).split("\n").length;

function everyMatch(file: string, text: string, pattern: RegExp, says: string): Finding[] {
  return [...text.matchAll(pattern)].map((match) => ({ file, line: lineOf(text, match.index), says }));
}

/** Rules of this repository that no linter knows. */
const RULES: { applies: RegExp; find: (file: string, text: string) => Finding[] }[] = [
  {
    applies: /^server\/[^/]+\/commands(\/.*)?\.ts$|^server\/[^/]+\/commands\//,
    find: (file, text) => {
      const opened = /\.(transaction|begin)\(/.exec(text);
      if (!opened || REPORTED.test(file) || /\baudit\(/.test(text)) return [];
      return [{ file, line: lineOf(text, opened.index), says: "This opens a transaction and writes no audit entry: call audit(tx, …) in it." }];
    },
  },
  { applies: /^domain\//, find: (file, text) => everyMatch(file, text, /new Date\(\)/g, "Pass the moment as an argument: domain/ is pure.") },
  {
    applies: /^(domain|server)\/costs\//,
    find: (file, text) => everyMatch(file, text, MONEY_AS_NUMBER, "Money never passes through a JavaScript number: keep it text, or a Decimal of domain/costs/decimal.ts."),
  },
  { applies: /\.tsx?$/, find: (file, text) => everyMatch(file, text, /\b(TODO|FIXME|XXX)\b/g, "Do it, or file an issue.") },
  { applies: /(^|\/)(utils?|helpers?|lib|common|manager)(\/|\.tsx?$)/, find: (file) => [{ file, line: 1, says: "Name it after what it is about." }] },
];

/** @param file path from the root, with forward slashes. */
export function checkFile(file: string, text: string): Finding[] {
  if (/\.(test|spec)\.tsx?$/.test(file) || file.startsWith("scripts/lint/")) return [];
  return RULES.filter(({ applies }) => applies.test(file)).flatMap(({ find }) => find(file, text));
}
