import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import ignore, { type Ignore } from "ignore";
import { create } from "tar";
import { MAX_CODE_BYTES } from "../domain/experiments/run-spec.ts";
import { CliError, usage } from "./errors.ts";
import { bytes as inBytes } from "./output.ts";

export interface PackedFolder {
  file: string;
  sha256: string;
  bytes: number;
  files: number;
  /** Removes the archive. */
  remove: () => void;
}

interface Found {
  path: string;
  bytes: number;
}

const IGNORE_FILES = [".gitignore", ".droverignore"];
/** Uncompressed: beyond this a folder is surely not only code, and packing it would take minutes. */
const MAX_FOLDER_BYTES = 2 * 1024 * 1024 * 1024;

/**
 * A folder as tar.gz, without what .gitignore and .droverignore name, in it and in the repository around it, and without .git. The
 * same files give the same bytes, so what was uploaded once is not uploaded again.
 */
export async function packFolder(folder: string): Promise<PackedFolder> {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) throw usage(`code.folder: ${folder} is not a folder.`);
  const root = realpathSync(folder);
  const found = (await listFolder(root, "", rulesAbove(root))).sort((a, b) => (a.path < b.path ? -1 : 1));
  const total = found.reduce((sum, file) => sum + file.bytes, 0);
  if (found.length === 0) throw usage(`code.folder: ${folder} has no files, or all of them are ignored.`);
  if (total > MAX_FOLDER_BYTES) throw tooLarge(folder, `${inBytes(total)} of files`, found);
  const temporary = mkdtempSync(join(tmpdir(), "drover-code-"));
  const remove = () => rmSync(temporary, { recursive: true, force: true });
  process.once("exit", remove); // Ctrl-C while it is sent
  try {
    const file = join(temporary, "code.tar.gz");
    const hash = createHash("sha256");
    // portable: no user names, no times: only paths, modes and contents make the hash.
    const archive = create({ cwd: root, portable: true, noMtime: true, noDirRecurse: true }, found.map(({ path }) => (path.startsWith("@") ? `./${path}` : path))); // a bare @ means: what is in that archive
    await pipeline(archive, createGzip({ level: 6 }), createWriteStream(file));
    for await (const part of createReadStream(file)) hash.update(part as Buffer);
    const { size } = statSync(file);
    if (size > MAX_CODE_BYTES) throw tooLarge(folder, `${inBytes(size)} packed`, found);
    return { file, sha256: hash.digest("hex"), bytes: size, files: found.length, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function tooLarge(folder: string, what: string, found: Found[]): CliError {
  const biggest = found.toSorted((a, b) => b.bytes - a.bytes).slice(0, 8);
  return new CliError(`${folder} is too large: ${what}; a code archive may have ${inBytes(MAX_CODE_BYTES)}.`, {
    issues: biggest.map(({ path, bytes }) => ({ field: inBytes(bytes), message: path })),
    advice: "Name what the run does not need in .droverignore; keep data on the cluster.",
  });
}

interface Rules {
  /** The path, with a slash at its end, of the folder that they are in; empty for one above the root. */
  base: string;
  /** The way from their folder to the root, where that is below it. */
  below: string;
  ignored: Ignore;
}

function rulesIn(folder: string, where: Pick<Rules, "base" | "below">): Rules[] {
  return IGNORE_FILES.map((name) => join(folder, name)).filter((file) => existsSync(file)).map((file) => ({ ...where, ignored: ignore({ ignorecase: false }).add(readFileSync(file, "utf8")) }));
}

/** Of the folders above, up to the top of the repository that the root is a part of; none where they ignore the root itself, which was named. */
function rulesAbove(root: string): Rules[] {
  const above: string[] = [];
  for (let folder = root; !existsSync(join(folder, ".git")); folder = dirname(folder)) {
    if (folder === dirname(folder)) return [];
    above.unshift(dirname(folder));
  }
  const rules = above.flatMap((folder) => rulesIn(folder, { base: "", below: `${relative(folder, root).split(sep).join("/")}/` }));
  return isIgnored(rules, "") ? [] : rules;
}

/** Files and links below `base`, each folder's ignore files in force from it downwards, as git has it. */
async function listFolder(root: string, base: string, rules: Rules[]): Promise<Found[]> {
  const here = [...rules, ...rulesIn(join(root, base), { base, below: "" })];
  const found: Found[] = [];
  for (const entry of await readdir(join(root, base), { withFileTypes: true })) {
    if (entry.name === ".git") continue;
    const path = base + entry.name;
    if (isIgnored(here, entry.isDirectory() ? `${path}/` : path)) continue;
    if (entry.isDirectory()) found.push(...(await listFolder(root, `${path}/`, here)));
    else if (entry.isFile()) found.push({ path, bytes: statSync(join(root, path)).size });
    else if (entry.isSymbolicLink()) found.push({ path, bytes: 0 });
  }
  return found;
}

/** The innermost file that says anything about a path decides. */
function isIgnored(rules: Rules[], path: string): boolean {
  let verdict = false;
  for (const { base, below, ignored } of rules) {
    const { ignored: out, unignored: back } = ignored.test(below + path.slice(base.length));
    if (out) verdict = true;
    if (back) verdict = false;
  }
  return verdict;
}
