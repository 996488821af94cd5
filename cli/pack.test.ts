import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { extract, list } from "tar";
import { afterAll, expect, it } from "vitest";
import { packFolder } from "./pack.ts";
import { buildProgram, startProgram } from "./testing/program.ts";

const folder = mkdtempSync(join(tmpdir(), "drover-pack-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("a folder with names that begin with @ is packed like any other", async () => {
  const [from, to] = [join(folder, "from"), join(folder, "to")];
  mkdirSync(join(from, "@scope"), { recursive: true });
  mkdirSync(to);
  for (const path of ["@scope/x.py", "@top.txt", "plain.py"]) writeFileSync(join(from, path), path);
  const packed = await packFolder(from);
  await extract({ file: packed.file, cwd: to });
  packed.remove();
  expect(["@scope/x.py", "@top.txt", "plain.py"].filter((path) => existsSync(join(to, path)))).toHaveLength(3);
});

/** What is packed of a folder below a repository with these files. */
async function packed(name: string, below: string, files: Record<string, string>): Promise<string[]> {
  const repository = join(folder, name);
  mkdirSync(join(repository, ".git"), { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(repository, path)), { recursive: true });
    writeFileSync(join(repository, path), text);
  }
  const { file, remove } = await packFolder(join(repository, below));
  const found: string[] = [];
  await list({ file, onReadEntry: ({ path }) => void found.push(path) });
  remove();
  return found.toSorted();
}

it("upper and lower case are two names, as git has it", async () => {
  expect(await packed("case", "", { ".gitignore": "Data/\n*.TMP\n", "data/load.py": "", "Data/huge.bin": "", "a.tmp": "", "b.TMP": "" })).toEqual([".gitignore", "a.tmp", "data/load.py"]);
});

it("what a folder above ignores is ignored in a part of the repository too, but not what is outside of it", async () => {
  writeFileSync(join(folder, ".gitignore"), "*.py\n");
  expect(await packed("part", "train", { ".gitignore": ".env\n/train/data/\n/own.py\n*.ckpt\n", "train/.env": "SECRET=1", "train/data/x": "", "train/run.py": "", "train/own.py": "", "train/keep.ckpt": "", "train/.gitignore": "!keep.ckpt\n" })).toEqual([".gitignore", "keep.ckpt", "own.py", "run.py"]);
});

it("a folder that is itself ignored is packed where it is named", async () => {
  expect(await packed("named", "build", { ".gitignore": "build/\n*.log\n", "build/main.py": "", "build/x.log": "" })).toEqual(["main.py", "x.log"]);
});

it.each(["SIGTERM", "SIGHUP"] as const)("nothing of a packed folder stays where %s ends the upload", async (signal) => {
  const [code, temporary] = [join(folder, `code-${signal}`), join(folder, `tmp-${signal}`)];
  for (const made of [code, temporary]) mkdirSync(made);
  writeFileSync(join(code, "train.py"), "");
  const result = { viewer: { projects: [{ slug: "vision", held: ["runs:submit"] }] }, codeUploaded: { uploaded: false } };
  const server = createServer((request, response) => {
    if (request.method === "PUT") return; // never answered
    request.resume().on("end", () => response.end(JSON.stringify([{ result: { data: { json: request.url!.includes("viewer") ? result.viewer : result.codeUploaded } } }])));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { child, ended } = startProgram(await buildProgram(folder), ["run", "--code", code, "--", "python", "train.py"], { cwd: folder, env: { HOME: folder, TMPDIR: temporary, DROVER_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, DROVER_TOKEN: "drv_pat_x" } });
  for (const end = Date.now() + 20_000; readdirSync(temporary).length === 0 && Date.now() < end; ) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(readdirSync(temporary)).toHaveLength(1);
  child.kill(signal);
  await ended;
  expect(readdirSync(temporary)).toEqual([]);
  server.closeAllConnections();
  server.close();
});
