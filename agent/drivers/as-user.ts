import type { Launch } from "./driver.ts";

type RunAs = Launch["runAs"];

/** Where root looks for programs on another account's behalf, whatever that account's own PATH says. */
export const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const KEPT = "DROVER_KEPT";
/** Bash sets these itself, and a shell that is told to change one ends. */
const OWN_OF_BASH = "UID|EUID|PPID|SHELLOPTS|BASHOPTS|BASH_VERSINFO";
/** Gives the variables their names back. Its own variable's name is none that they can have. */
const REVEAL = `for ${KEPT}_ in $${KEPT}; do
case $${KEPT}_ in ${OWN_OF_BASH}) (eval "$${KEPT}_=") 2>/dev/null || continue;; esac
eval "$${KEPT}_=\\$${KEPT}_$${KEPT}_; export $${KEPT}_"
unset "${KEPT}_$${KEPT}_"
done
unset ${KEPT}
exec "$@"`;

/** The words as another account by setpriv, which only root may: what starts them stays the agent's own. */
export const asUser = (runAs: RunAs, words: readonly string[]): string[] =>
  runAs ? ["setpriv", `--reuid=${runAs.uid}`, `--regid=${runAs.gid}`, "--init-groups", "--", ...words] : [...words];

/** The same within `keptFrom(env)`: from the moment that it is the account's, the environment is the job's. */
export const asJob = (runAs: RunAs, words: readonly string[]): string[] => asUser(runAs, runAs ? ["/bin/sh", "-c", REVEAL, "drover", ...words] : words);

/**
 * A job's environment as root may have it on its way to another account. Under their own names its PATH would choose the
 * programs, and LD_PRELOAD and its like the code, that run as root until then. Names that a shell cannot export are left out.
 */
export function keptFrom(env: Readonly<Record<string, string>>): Record<string, string> {
  const names = Object.keys(env).filter((name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  return { PATH: SYSTEM_PATH, [KEPT]: names.join(" "), ...Object.fromEntries(names.map((name) => [`${KEPT}_${name}`, env[name]!])) };
}
