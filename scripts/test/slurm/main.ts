import { join } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "../../root.ts";
import { report, say, since, Trouble } from "../../say.ts";
import { ensureInstalled } from "./install.ts";
import { SlurmLab, takeDown } from "./lab.ts";

/** `npm run slurm-lab -- up|down [--home DIR] [--nodes N] [--gpus N] [--no-accounting]`: a real Slurm to try things on. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { home: { type: "string", default: join(ROOT, ".drover", "slurm-lab") }, nodes: { type: "string", default: "3" }, gpus: { type: "string", default: "2" }, "no-accounting": { type: "boolean", default: false } },
  });
  const [verb] = positionals;
  const start = performance.now();
  if (verb === "down") {
    await takeDown(values.home);
    return say.done(`Slurm is gone (${since(start)})`);
  }
  if (verb !== "up") throw new Trouble("What should the Slurm lab do?", "npm run slurm-lab -- up, or down.");
  ensureInstalled(["slurm"]);
  await takeDown(values.home);
  const lab = await SlurmLab.up(values.home, { nodes: Number(values.nodes), gpus: Number(values.gpus), accounting: !values["no-accounting"] });
  say.done(`Slurm is up with ${lab.nodes.join(", ")} (${since(start)})`);
  say.plain(`export SLURM_CONF=${lab.env.SLURM_CONF}`);
}

main().catch((error: unknown) => {
  report(error);
  process.exitCode = 1;
});
