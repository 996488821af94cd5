import { say, since, Trouble } from "./say.ts";
import { AREAS, type Score, scoreInWords } from "./test/areas.ts";
import { startTestDatabase } from "./test/database.ts";

/** `./drover test [area…]`: all tests, or those of the named areas. @throws Trouble when one fails. */
export async function main(args: string[]): Promise<void> {
  const unknown = args.find((area) => !(area in AREAS));
  if (unknown) throw new Trouble(`There is no test area ${unknown}.`, `Name any of: ${Object.keys(AREAS).join(", ")}.`);
  const areas = args.length > 0 ? args : Object.keys(AREAS);
  const start = performance.now();
  const server = process.env.TEST_DATABASE_URL || !areas.some((area) => ["unit", "chaos", "slurm"].includes(area)) ? null : await startTestDatabase();
  if (server) process.env.TEST_DATABASE_URL = server.url("postgres");
  const total: Score = { passed: 0, failed: 0 };
  const lines: string[] = [];
  try {
    for (const area of areas) {
      const began = performance.now();
      say.step(say.strong(area));
      const score = await AREAS[area]!();
      total.passed += score.passed;
      total.failed += score.failed;
      lines.push(`${score.failed > 0 ? "✕" : "✓"} ${area.padEnd(6)} ${scoreInWords(score)} in ${since(began)}`);
      say.plain(lines.at(-1)!);
    }
  } finally {
    await server?.stop();
  }
  say.plain(`\nAll areas in ${since(start)}:\n${lines.join("\n")}\n`);
  say.plain(`${total.passed} passed, ${total.failed} failed`);
  if (total.failed > 0) process.exitCode = 1;
}
