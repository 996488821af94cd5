import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { paths } from "../paths.ts";
import { expect, test as base } from "./fixtures.ts";
import { stackUnderTest } from "./stack.ts";

/** On a new machine, as far as the command can tell: it runs in a home without anything. */
const test = base.extend<{ paste: (command: string) => { said: () => string; ended: Promise<number | null> } }>({
  paste: async ({}, use) => {
    const homes: string[] = [];
    const children: ChildProcess[] = [];
    await use((command) => {
      const home = mkdtempSync(join(stackUnderTest().folder, "machine-"));
      homes.push(home);
      const child = spawn("sh", ["-c", command], { cwd: home, env: { PATH: process.env.PATH, HOME: home } as unknown as NodeJS.ProcessEnv, stdio: ["ignore", "pipe", "pipe"], detached: true });
      children.push(child);
      let said = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
      return { said: () => said, ended: new Promise((resolve) => child.once("exit", resolve)) };
    });
    for (const child of children) {
      if (child.exitCode !== null) continue;
      const gone = new Promise((resolve) => child.once("exit", resolve));
      process.kill(-child.pid!, "SIGTERM");
      await gone;
    }
    for (const home of homes) rmSync(home, { recursive: true, force: true });
  },
});

test("a cluster is connected by its command, which works once", async ({ as, org, paste }) => {
  const page = await as("owner");
  await page.goto(paths.connectCluster(org.slug));
  await page.getByLabel("Name", { exact: true }).fill("Attic box");
  await page.getByRole("button", { name: "Create and show the command" }).click();
  await expect(page.getByRole("heading", { name: "Waiting for the agent" })).toBeVisible();
  const command = await page.getByText(/^curl -fsSL/).innerText();

  const machine = paste(command);
  await expect(page.getByText("Connected", { exact: true }), machine.said()).toBeVisible({ timeout: 30_000 });
  const fingerprint = await page.getByRole("definition").filter({ hasText: /^[0-9a-f:]{16,}$|^SHA/i }).last().innerText();
  expect(machine.said()).toContain(fingerprint);

  const again = paste(command.replace(/ && node drover-agent.mjs run$/, ""));
  expect(await again.ended).not.toBe(0);
  expect(again.said()).toContain("code");
  await page.getByRole("link", { name: "Open Attic box" }).click();
  await expect(page.getByRole("heading", { name: "Attic box" })).toBeVisible();
  await expect(page.getByText("Reachable").first()).toBeVisible();
});
