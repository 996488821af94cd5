import type { RunSpec } from "./run-spec.ts";

/** Tags in which MLflow's clients note what they ran. */
const SCRIPT = "mlflow.source.name";
const COMMIT = "mlflow.source.git.commit";
const REPOSITORY = "mlflow.source.git.repoURL";
const BRANCH = "mlflow.source.git.branch";
export const CODE_TAGS: readonly string[] = [SCRIPT, COMMIT, REPOSITORY, BRANCH];

/** Beginnings of the names of tags in which they note where: who, from what, in which project or image. */
export const ENVIRONMENT_TAGS: readonly string[] = ["mlflow.user", "mlflow.source.type", "mlflow.project.", "mlflow.docker."];

export type RunCode = NonNullable<RunSpec["code"]> | { kind: "git"; url: string | null; ref: string; branch: string | null; script: string | null } | { kind: "script"; script: string };

/** What was run, as far as the run says: the archive or commit of its spec, or what an MLflow client noted. */
export function codeOf(spec: RunSpec | null, tags: ReadonlyMap<string, string>): RunCode | null {
  if (spec?.code) return spec.code;
  const [ref, script] = [tags.get(COMMIT), tags.get(SCRIPT)];
  if (ref) return { kind: "git", url: tags.get(REPOSITORY) ?? null, ref, branch: tags.get(BRANCH) ?? null, script: script ?? null };
  return script ? { kind: "script", script } : null;
}

/** The variables of its spec; of a client's run, which has none, what the client noted of where it ran. */
export function environmentOf(spec: RunSpec | null, tags: ReadonlyMap<string, string>): Record<string, string> {
  if (spec) return spec.env;
  return Object.fromEntries([...tags].filter(([key]) => ENVIRONMENT_TAGS.some((start) => key.startsWith(start))));
}
