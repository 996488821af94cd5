import { readFile } from "node:fs/promises";
import type { Launch } from "../drivers/driver.ts";
import { SlurmDriver } from "../drivers/slurm/driver.ts";

// An agent's submits in a process of their own, which a test may kill: `slurm-submit.ts FILE`, with the driver's environment and the launches as JSON.
const { env, links, launches } = JSON.parse(await readFile(process.argv[2]!, "utf8")) as { env: Record<string, string>; links: string; launches: Launch[] };
const driver = await SlurmDriver.open({ hasGit: true, env, links });
await Promise.all(launches.map((launch) => driver.submit(launch)));
