import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { takeFolder } from "./own-folder.ts";

const TAKES_AND_STAYS = `const { takeFolder } = await import(${JSON.stringify(join(import.meta.dirname, "own-folder.ts"))}); console.log(takeFolder(process.argv[1], "postgres")); setInterval(() => {}, 1000);`;

it("gives each run a folder of its own, and that of a killed run to the next one", async () => {
  const parent = mkdtempSync(join(tmpdir(), "drover-folders-"));
  const other = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", TAKES_AND_STAYS, parent], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [said] = (await once(other.stdout, "data")) as [Buffer];
    expect(said.toString().trim()).toBe(join(parent, "postgres"));
    expect(takeFolder(parent, "postgres")).toBe(join(parent, "postgres-2"));
    other.kill("SIGKILL");
    await once(other, "exit");
    expect(takeFolder(parent, "postgres")).toBe(join(parent, "postgres"));
    expect(takeFolder(parent, "postgres")).toBe(join(parent, "postgres-3"));
  } finally {
    other.kill("SIGKILL");
    rmSync(parent, { recursive: true, force: true });
  }
});
