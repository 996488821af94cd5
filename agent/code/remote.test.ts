import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cloneGit } from "./git.ts";

let folder: string;
let server: Server;
let url: string;
let first: string;
/** What the next requests get; files of the repository otherwise. */
let answer: RequestListener | null = null;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "drover-remote-"));
  const repository = join(folder, "repository");
  mkdirSync(repository);
  const git = (...words: string[]) => execFileSync("git", ["-C", repository, "-c", "user.name=T", "-c", "user.email=t@example.com", ...words], { encoding: "utf8" }).trim();
  git("init", "--quiet", "--initial-branch=main");
  for (const text of ["1", "2"]) {
    writeFileSync(join(repository, "train.py"), text);
    git("add", ".");
    git("commit", "--quiet", "-m", text);
    if (text === "1") git("tag", "-a", "v1", "-m", "v1");
  }
  first = git("rev-parse", "HEAD~1");
  git("branch", "feature/x", first);
  git("update-server-info");
  server = createServer((request, response) => {
    if (answer) return answer(request, response);
    try {
      response.end(readFileSync(join(repository, ".git", decodeURIComponent(new URL(request.url!, "http://x").pathname))));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function clone(from: string, ref: string, mostMs?: number): Promise<string> {
  const work = mkdtempSync(join(folder, "work-"));
  await cloneGit({ url: from, ref }, work, new AbortController().signal, { mostMs });
  return readFileSync(join(work, "train.py"), "utf8");
}

describe("a repository that a plain file server hands out", () => {
  it.each([["main", "2"], ["HEAD", "2"], ["feature/x", "1"], ["v1", "1"], ["refs/heads/main", "2"]])("is checked out at %s", async (ref, text) => {
    expect(await clone(url, ref)).toBe(text);
  });
  it("is checked out at a commit, whole or shortened", async () => {
    expect([await clone(url, first), await clone(url, first.slice(0, 10))]).toEqual(["1", "1"]);
  });
  it("has no other refs, and says so", async () => {
    await expect(clone(url, "nowhere")).rejects.toThrow(/code: .*nowhere/);
  });
});

describe("a remote that", () => {
  it("asks for a password is not answered, and said to", async () => {
    answer = (_request, response) => response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
    await expect(clone(url, "main")).rejects.toThrow(/terminal prompts disabled|Authentication failed|could not read/);
    answer = null;
  });

  it("never answers is given up once, in words that say so", async () => {
    let asked = 0;
    answer = () => void (asked += 1);
    await expect(clone(url, "main", 1500)).rejects.toThrow("code: git fetch took longer than 1.5 s");
    expect(asked).toBe(1);
    answer = null;
  });

  it("never answers over SSH either leaves no program behind", async () => {
    const silent = createTcp(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    await expect(clone(`ssh://git@127.0.0.1:${port}/x.git`, "main", 1500)).rejects.toThrow("code: git fetch took longer than 1.5 s");
    silent.close();
    expect(execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })).not.toContain(`-p ${port}`);
  });
});
