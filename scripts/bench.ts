import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ensureBundles } from "./build.ts";
import { ROOT } from "./root.ts";
import { report, say } from "./say.ts";

const BENCHES = ["dispatch", "agents", "logs"] as const;

/** `npm run bench [-- dispatch|agents|logs…]`: each on a Drover of its own, one after the other. */
async function main(wanted: string[]): Promise<void> {
  const unknown = wanted.find((name) => !(BENCHES as readonly string[]).includes(name));
  if (unknown) throw new Error(`There is no benchmark ${unknown}. Known: ${BENCHES.join(", ")}.`);
  await ensureBundles(["server", "worker", "agent"]);
  for (const name of BENCHES.filter((one) => wanted.length === 0 || wanted.includes(one))) {
    say.plain(`› ${name}`);
    const { status } = spawnSync(process.execPath, ["--import", "tsx", join(ROOT, "bench", `${name}.ts`)], { cwd: ROOT, stdio: "inherit" });
    if (status !== 0) throw new Error(`The benchmark ${name} ended with ${status}.`);
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  report(error);
  process.exit(1);
});
