import type { Launch } from "./driver.ts";

/** The words as another account by setpriv, which only root may: what starts them stays the agent's own. */
export const asUser = (runAs: Launch["runAs"], words: readonly string[]): string[] =>
  runAs ? ["setpriv", `--reuid=${runAs.uid}`, `--regid=${runAs.gid}`, "--init-groups", "--", ...words] : [...words];
