import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { main as build } from "./build.ts";
import { main as doctor } from "./doctor.ts";
import { main as migrate } from "./migrate.ts";
import { ROOT } from "./root.ts";
import { main as setupLink } from "./setup-link.ts";

const folder = mkdtempSync(join(tmpdir(), "drover-script-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("./drover", () => {
  it("is found by a link to it, as one in /usr/local/bin is", () => {
    const checkout = join(folder, "check out");
    for (const name of ["node_modules/.bin", "patches"]) mkdirSync(join(checkout, name), { recursive: true });
    copyFileSync(join(ROOT, "drover"), join(checkout, "drover"));
    for (const name of ["package-lock.json", "patches/a.patch", "node_modules/.package-lock.json"]) writeFileSync(join(checkout, name), "");
    writeFileSync(join(checkout, "node_modules/.bin/node"), '#!/bin/sh\necho "$@"\n');
    chmodSync(join(checkout, "node_modules/.bin/node"), 0o755);
    writeFileSync(join(checkout, "node_modules/.drover-lock"), spawnSync("cksum", { input: "", encoding: "utf8" }).stdout);
    mkdirSync(join(folder, "bin"));
    symlinkSync("../check out/drover", join(folder, "bin", "first"));
    symlinkSync(join(folder, "bin", "first"), join(folder, "bin", "second"));
    for (const name of ["first", "second"]) {
      const { stdout, stderr, status } = spawnSync(join(folder, "bin", name), ["runs", "--mine"], { encoding: "utf8", cwd: "/" });
      expect([stderr, status, stdout]).toEqual(["", 0, expect.stringContaining(`${checkout}/scripts/drover.ts runs --mine`)]);
    }
  });

  it.each([["backup"], ["build"], ["migrate"], ["up"], ["seed"]])("%s --help helps, and does nothing", (command) => {
    const { stdout, status } = spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", join(ROOT, "scripts/drover.ts"), command, "--help"], { encoding: "utf8", cwd: folder, env: { ...process.env, DATABASE_URL: "postgres://nobody@127.0.0.1:9/none" } });
    expect([status, stdout]).toEqual([0, expect.stringContaining("One process each")]);
    expect(existsSync(join(folder, "--help"))).toBe(false);
  });
});

describe("a word that a command does not know", () => {
  it.each([
    { says: "build servr", act: () => build(["servr"]) },
    { says: "build --froce", act: () => build(["--froce"]) },
    { says: "migrate --dry-run", act: () => migrate(["--dry-run"]) },
    { says: "doctor disk", act: () => doctor(["disk"]) },
    { says: "setup-link again", act: () => setupLink(["again"]) },
  ])("is named and nothing is done: $says", async ({ says, act }) => {
    await expect(act()).rejects.toThrow(says.split(" ")[1]!);
  });
});
