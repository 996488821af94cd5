import { chmodSync, chownSync, existsSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { giveTo, removeTree } from "./trees.ts";

let home: string;
let folder: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "drover-trees-"));
  folder = join(home, "work");
  mkdirSync(folder);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** As somebody whom closed folders keep out. */
async function asNobody(act: () => Promise<void>): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(home, 65_534, 65_534);
  if (isRoot) process.seteuid!(65_534);
  try {
    await act();
  } finally {
    if (isRoot) process.seteuid!(0);
  }
}

describe("removing a job's folder", () => {
  it("removes what is in it, and of links only themselves", async () => {
    writeFileSync(join(home, "kept"), "kept");
    mkdirSync(join(home, "elsewhere"));
    writeFileSync(join(home, "elsewhere", "kept"), "kept");
    mkdirSync(join(folder, "deep", "er"), { recursive: true });
    writeFileSync(join(folder, "deep", "er", "file"), "");
    symlinkSync(join(home, "elsewhere"), join(folder, "deep", "away"));
    symlinkSync("nowhere", join(folder, "broken"));
    linkSync(join(home, "kept"), join(folder, "second"));
    await removeTree(folder);
    expect([existsSync(folder), readFileSync(join(home, "kept"), "utf8"), existsSync(join(home, "elsewhere", "kept"))]).toEqual([false, "kept", true]);
    await removeTree(folder); // may be repeated
  });

  it("removes folders that the job closed to itself, as Go's module cache has them", async () => {
    await asNobody(async () => {
      const own = join(home, "own");
      for (const [name, mode] of [["read-only", 0o555], ["closed", 0o000]] as const) {
        mkdirSync(join(own, name), { recursive: true });
        writeFileSync(join(own, name, "file"), "");
        chmodSync(join(own, name), mode);
      }
      await removeTree(own);
      expect(existsSync(own)).toBe(false);
    });
  });

  it("removes folders within folders deeper than any name may say", async () => {
    const before = process.cwd();
    const name = "d".repeat(200);
    process.chdir(folder);
    for (let depth = 0; depth < 300; depth++) {
      mkdirSync(name);
      process.chdir(name);
    }
    process.chdir(before);
    await removeTree(folder);
    expect(existsSync(folder)).toBe(false);
  });
});

describe.runIf(process.getuid?.() === 0)("giving a folder to an account", () => {
  const ownerOf = (...names: string[]) => statSync(join(folder, ...names)).uid;
  const account = { uid: 65_534, gid: 65_534 };

  it("gives what the agent put there, with other modes than let a file be run as root", async () => {
    mkdirSync(join(folder, "bin"));
    writeFileSync(join(folder, "bin", "tool"), "");
    linkSync(join(folder, "bin", "tool"), join(folder, "bin", "same"));
    chmodSync(join(folder, "bin", "tool"), 0o4755);
    await giveTo(folder, account);
    expect([ownerOf(), ownerOf("bin"), ownerOf("bin", "tool"), statSync(join(folder, "bin", "tool")).mode & 0o7777]).toEqual([65_534, 65_534, 65_534, 0o755]);
  });

  it("gives on what another account had, and nothing that lies there of somebody else", async () => {
    for (const [name, uid] of [["theirs", 1000], ["roots", 0]] as const) {
      writeFileSync(join(folder, name), "");
      chownSync(join(folder, name), uid, uid);
    }
    chownSync(folder, 1000, 1000);
    await giveTo(folder, account);
    expect([ownerOf(), ownerOf("theirs"), ownerOf("roots")]).toEqual([65_534, 65_534, 0]);
  });
});
