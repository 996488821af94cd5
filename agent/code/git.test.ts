import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cloneGit } from "./git.ts";

describe("a repository on the agent's own host", () => {
  let folder: string;
  let repository: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "drover-git-"));
    repository = join(folder, "repository");
    mkdirSync(repository);
    const git = (...words: string[]) => execFileSync("git", ["-C", repository, "-c", "user.name=T", "-c", "user.email=t@example.com", ...words]);
    git("init", "--quiet", "--initial-branch=main");
    writeFileSync(join(repository, "train.py"), "print(1)\n");
    git("add", ".");
    git("commit", "--quiet", "-m", "Begin");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const clone = (url: string, isOthers: boolean) => {
    const work = mkdtempSync(join(folder, "work-"));
    return cloneGit({ url, ref: "main" }, work, new AbortController().signal, { isOthers }).then(() => readFileSync(join(work, "train.py"), "utf8"));
  };

  it("is cloned for a job of the agent's own account", async () => {
    expect(await clone(`file://${repository}`, false)).toBe("print(1)\n");
  });

  it.each(["file://", ""])("is not read for a job of another account, addressed by %o", async (scheme) => {
    await expect(clone(`${scheme}${repository}`, true)).rejects.toThrow("transport 'file' not allowed");
  });
});
