import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ensureBundles } from "./build.ts";
import { ROOT } from "./root.ts";
import { report, say, Trouble } from "./say.ts";

const BENCHES = {
  dispatch: "submit to process started, at 1, 100 and 1,000 queued runs; claims per second beside graphile-worker",
  claims: "only the last figure of dispatch",
  agents: "1,000 simulated agents on one server process: CPU, memory, delay",
  logs: "log bytes ingested per second, and the delay to a reader",
  slurm: "submit to start and submits per second on a real Slurm (as root), through Drover beside bare sbatch",
  observe: "one look of the agent at 5,000 jobs of a real Slurm (as root): time, CPU, and squeue's part",
  queue: "one placement pass over 5,000 waiting runs; completion times beside first in, first out and shortest first",
  ingest: "metric points per second over HTTP, beside the MLflow server on the same PostgreSQL",
  history: "a chart of 20 runs with 1,000,000 points each (DROVER_BENCH_POINTS says otherwise), beside MLflow's; of 10,000 runs with 1,000 points each in groups",
  disk: "bytes per metric point at rest, beside MLflow's",
  rate: "usage rated and booked per second; views of costs beside a float sum over raw rows",
  costs: "a year of 200 people's 2,000 runs a day (DROVER_BENCH_SHARE=0.1 takes a tenth): every view of costs, and the close of a month",
  search: "pages of a search of 100,000 runs with 20 metrics and 20 parameters each, beside MLflow's; then of 1,000,000 alone (DROVER_BENCH_RUNS says otherwise)",
  compare: "100 runs x 10 charts in Chromium, on a seed of 1,000 runs: time until all are drawn and one answers the pointer",
  start: "seconds to the first page, memory, JavaScript per page, requests per second beside a Next route handler",
};
const USAGE = `Use: npm run bench -- NAME…   (all but claims when none is named; keep the machine otherwise idle)\n\n${Object.entries(BENCHES).map(([name, what]) => `  ${name.padEnd(10)}${what}`).join("\n")}`;

/** Each on a Drover of its own, one after the other. */
async function main(wanted: string[]): Promise<void> {
  if (wanted.some((word) => word === "--help" || word === "-h")) return say.plain(USAGE);
  const unknown = wanted.find((name) => !(name in BENCHES));
  if (unknown) throw new Trouble(`There is no benchmark ${unknown}.`, USAGE);
  await ensureBundles(["server", "worker", "agent"]);
  for (const name of Object.keys(BENCHES).filter((one) => (wanted.length === 0 ? one !== "claims" : wanted.includes(one)))) {
    say.plain(`› ${name}`);
    const { status } = spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", "--import", "tsx", join(ROOT, "bench", `${name}.ts`)], { cwd: ROOT, stdio: "inherit" });
    if (status !== 0) throw new Trouble(`The benchmark ${name} ended with ${status}.`, "What it said stands above.");
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  report(error);
  process.exit(1);
});
