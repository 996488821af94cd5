import { execFile, spawn } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { inheritedEnv } from "../env.ts";
import { SetupFailed } from "./setup-failed.ts";

const exec = promisify(execFile);
const GIT_MS = 15 * 60_000;
/** Letters of its last words that are kept. */
const SAID = 64 * 1024;
const REMOTE = "https:http:ssh:git";

interface CloneOptions {
  /** The job runs as another account than the agent: what lies on this host is then that account's to reach, not git's for it. */
  isOthers?: boolean | undefined;
  /** Of each step. */
  mostMs?: number | undefined;
}

/**
 * Checks out `ref` (branch, tag or commit) of a repository into `work`. No shell, nothing that git could take for an
 * option, no prompts, no hooks, no transport that runs a program. May be repeated.
 * @throws SetupFailed with git's own words.
 */
export async function cloneGit(source: { url: string; ref: string }, work: string, signal: AbortSignal, { isOthers = false, mostMs = GIT_MS }: CloneOptions = {}): Promise<void> {
  const git = (words: string[]) => run(work, words, { signal, mostMs, transports: isOthers ? REMOTE : `${REMOTE}:file` });
  const { url, ref } = source;
  for (const [field, value] of [["code.url", url], ["code.ref", ref]] as const) {
    if (value === "" || value.startsWith("-") || /[\0\n]/.test(value)) throw new SetupFailed(`${field}: "${value.slice(0, 200)}" is not allowed.`);
  }
  for (const name of await readdir(work)) await rm(path.join(work, name), { recursive: true, force: true });
  await git(["init", "--quiet"]);
  const shallow = await git(["fetch", "--quiet", "--depth=1", "--no-tags", "--", url, ref]).then(() => true, (error: unknown) => refetch(error, signal));
  await git(["checkout", "--quiet", "--detach", shallow ? "FETCH_HEAD" : await findCommit(git, url, ref), "--"]);
}

function refetch(error: unknown, signal: AbortSignal): false {
  if (signal.aborted || error instanceof TookTooLong) throw error;
  return false;
}

type Git = (words: string[]) => Promise<string>;

/** Not every server hands out a bare commit, or a part of the history: take all branches and tags, and look for it there. */
async function findCommit(git: Git, url: string, ref: string): Promise<string> {
  await git(["fetch", "--quiet", "--", url, "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*", ...(ref === "HEAD" ? ["+HEAD:refs/remotes/origin/HEAD"] : [])]);
  for (const name of [`refs/tags/${ref}`, `refs/remotes/origin/${ref.replace(/^refs\/heads\//, "")}`]) {
    const commit = await git(["rev-parse", "--verify", "--quiet", `${name}^{commit}`]).catch(() => null);
    if (commit) return commit.trim();
  }
  return `${ref}^{commit}`;
}

class TookTooLong extends SetupFailed {}

interface Limits {
  signal: AbortSignal;
  mostMs: number;
  transports: string;
}

/** @returns what it printed. What it started, such as ssh, ends with it: git itself leaves that waiting for a silent remote. */
function run(work: string, words: string[], { signal, mostMs, transports }: Limits): Promise<string> {
  const env: Record<string, string> = { ...inheritedEnv(["SSH_AUTH_SOCK"]), GIT_TERMINAL_PROMPT: "0", GIT_ASKPASS: "true", GIT_SSH_COMMAND: "ssh -oBatchMode=yes", GIT_ALLOW_PROTOCOL: transports };
  const child = spawn("git", ["-c", "core.hooksPath=/dev/null", "-C", work, ...words], { env: env as NodeJS.ProcessEnv, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const said = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) child[stream].setEncoding("utf8").on("data", (text: string) => (said[stream] = (said[stream] + text).slice(-SAID)));
  const end = () => void (child.pid !== undefined && endGroup(child.pid));
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    end();
  }, mostMs);
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  return new Promise<string>((resolve, reject) => {
    child.once("error", (error) => reject(new SetupFailed(`code: git cannot be started: ${error.message}`)));
    child.once("close", (code, name) => {
      if (code === 0) resolve(said.stdout);
      else if (signal.aborted) reject(signal.reason as Error);
      else if (isLate) reject(new TookTooLong(`code: git ${words[0]} took longer than ${mostMs / 1000} s and was ended.`));
      else reject(new SetupFailed(`code: git ${words[0]} failed: ${said.stderr.trim().slice(-2000) || (name ?? `exit code ${code}`)}`));
    });
  }).finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  });
}

function endGroup(leader: number): void {
  try {
    process.kill(-leader, "SIGKILL");
  } catch {
    // it ended a moment ago
  }
}

/** Whether this host has git at all. */
export async function hasGit(): Promise<boolean> {
  return exec("git", ["--version"]).then(
    () => true,
    () => false,
  );
}
