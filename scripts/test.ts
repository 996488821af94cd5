import { report, say, since, Trouble } from "./say.ts";
import { AREAS, type Out, type Score, scoreInWords, STAGES } from "./test/areas.ts";
import { startTestDatabase } from "./test/database.ts";

/** Of an area that failed, repeated at the end: that is where one looks. */
const TAIL_CHARS = 5_000;

/** `./drover test [area…]`: all tests, or those of the named areas. @throws Trouble when one fails. */
export async function main(args: string[]): Promise<void> {
  const unknown = args.find((area) => !(area in AREAS));
  if (unknown) throw new Trouble(`There is no test area ${unknown}.`, `Name any of: ${Object.keys(AREAS).join(", ")}.`);
  const areas = args.length > 0 ? args : Object.keys(AREAS);
  const start = performance.now();
  const server = process.env.TEST_DATABASE_URL || !areas.some((area) => ["unit", "chaos", "slurm"].includes(area)) ? null : await startTestDatabase();
  if (server) process.env.TEST_DATABASE_URL = server.url("postgres");
  const done: Done[] = [];
  try {
    for (const stage of STAGES.map((names) => names.filter((name) => areas.includes(name)))) {
      await Promise.all(stage.map(async (area, at) => done.push(await runArea(area, at === 0))));
    }
  } finally {
    await server?.stop();
  }
  for (const { area, score, tail } of done) if (score.failed > 0) say.plain(`\nThe end of what ${area} printed:\n${tail}`);
  say.plain(`\nAll areas in ${since(start)}:\n${done.map(({ line }) => line).join("\n")}\n`);
  const sum = (of: "passed" | "failed") => done.reduce((all, { score }) => all + score[of], 0);
  say.plain(`${sum("passed")} passed, ${sum("failed")} failed`);
  if (sum("failed") > 0) process.exitCode = 1;
}

interface Done {
  area: string;
  score: Score;
  line: string;
  tail: string;
}

/** Of those that run at once one is followed; what the others print comes in one piece at their end. */
async function runArea(area: string, isFollowed: boolean): Promise<Done> {
  const began = performance.now();
  let kept = "";
  const keep: Out = (chunk) => {
    kept += chunk.toString();
    if (isFollowed) process.stdout.write(chunk);
  };
  say.step(`${say.strong(area)}${isFollowed ? "" : " beside it …"}`);
  const score = await AREAS[area]!(keep).catch((error: unknown): Score => {
    report(error); // such as what cannot be installed here: nothing was tested
    return { passed: 0, failed: 1 };
  });
  if (!isFollowed) process.stdout.write(kept);
  const line = `${score.failed > 0 ? "✕" : "✓"} ${area.padEnd(6)} ${scoreInWords(score)} in ${since(began)}`;
  say.plain(line);
  return { area, score, line, tail: kept.slice(-TAIL_CHARS) };
}
