import { execFile } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { inheritedEnv } from "../env.ts";
import { SetupFailed } from "./setup-failed.ts";

const exec = promisify(execFile);
const GIT_MS = 15 * 60_000;
const REMOTE = "https:http:ssh:git";

/**
 * Checks out `ref` (branch, tag or commit) of a repository into `work`. No shell, nothing that git could take for an
 * option, no prompts, no hooks, no transport that runs a program. May be repeated.
 * @param isOthers The job runs as another account than the agent: what lies on this host is then that account's to reach, not git's for it.
 * @throws SetupFailed with git's own words.
 */
export async function cloneGit(source: { url: string; ref: string }, work: string, signal: AbortSignal, isOthers = false): Promise<void> {
  const git = (words: string[]) => run(work, words, signal, isOthers ? REMOTE : `${REMOTE}:file`);
  const { url, ref } = source;
  for (const [field, value] of [["code.url", url], ["code.ref", ref]] as const) {
    if (value === "" || value.startsWith("-") || /[\0\n]/.test(value)) throw new SetupFailed(`${field}: "${value.slice(0, 200)}" is not allowed.`);
  }
  for (const name of await readdir(work)) await rm(path.join(work, name), { recursive: true, force: true });
  await git(["init", "--quiet"]);
  const shallow = await git(["fetch", "--quiet", "--depth=1", "--no-tags", "--", url, ref]).then(() => true, (error: unknown) => refetch(error, signal));
  if (!shallow) {
    // Not every server hands out a bare commit: take all branches and tags, and look for it there.
    await git(["fetch", "--quiet", "--", url, "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"]);
  }
  await git(["checkout", "--quiet", "--detach", shallow ? "FETCH_HEAD" : `${ref}^{commit}`, "--"]);
}

function refetch(error: unknown, signal: AbortSignal): false {
  if (signal.aborted) throw error;
  return false;
}

async function run(work: string, words: string[], signal: AbortSignal, transports: string): Promise<void> {
  const env: Record<string, string> = { ...inheritedEnv(["SSH_AUTH_SOCK"]), GIT_TERMINAL_PROMPT: "0", GIT_ASKPASS: "true", GIT_SSH_COMMAND: "ssh -oBatchMode=yes", GIT_ALLOW_PROTOCOL: transports };
  try {
    await exec("git", ["-c", "core.hooksPath=/dev/null", "-C", work, ...words], { env: env as NodeJS.ProcessEnv, signal, timeout: GIT_MS, maxBuffer: 16 * 1024 * 1024 });
  } catch (error) {
    if (signal.aborted) throw error;
    const said = (error as { stderr?: string }).stderr?.trim() || (error instanceof Error ? error.message : String(error));
    throw new SetupFailed(`code: git ${words[0]} failed: ${said.slice(-2000)}`);
  }
}

/** Whether this host has git at all. */
export async function hasGit(): Promise<boolean> {
  return exec("git", ["--version"]).then(
    () => true,
    () => false,
  );
}
