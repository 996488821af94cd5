import { artifactPathProblem } from "./artifact-path.ts";

/** What a path of MLflow's artifact proxy names: a file or folder of a run, or of a logged model. `path` is empty for the root. */
export interface ArtifactPlace {
  kind: "run" | "model";
  id: string;
  path: string;
}

/** Longer paths are refused: they must fit into an index entry. */
export const MAX_ARTIFACT_PATH = 1024;
/** One file of a client. */
export const MAX_FILE_BYTES = 100 * 1024 ** 3;

export const modelArtifactUri = (experimentId: string, modelId: string): string => `mlflow-artifacts:/${experimentId}/models/${modelId}/artifacts`;

const OWNER = /^(?:.*?\/)?(run_[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|models\/m-[0-9a-f]{32})\/artifacts(?:\/(.+))?$/s;

/**
 * Reads `<experiment>/<run>/artifacts/<path>` and `<experiment>/models/<model>/artifacts/<path>`. What stands before the run or
 * model is where its experiment keeps artifacts, and says nothing more.
 * @returns null where it names neither; a text where the path itself is refused.
 */
export function artifactPlace(text: string): ArtifactPlace | string | null {
  const trimmed = text.replace(/\/+$/, "");
  const problem = trimmed === "" ? null : pathProblem(trimmed);
  if (problem) return problem;
  const [, owner = "", path = ""] = OWNER.exec(trimmed) ?? [];
  if (owner === "") return null;
  return owner.startsWith("models/") ? { kind: "model", id: owner.slice("models/".length), path } : { kind: "run", id: owner, path };
}

/** The same for a `mlflow-artifacts:` URI, with or without a host: what a model version's source names. */
export function placeOfUri(uri: string): ArtifactPlace | null {
  const path = /^mlflow-artifacts:(?:\/\/[^/]*)?\/+(?:api\/2\.0\/mlflow-artifacts\/artifacts\/)?(.*)$/s.exec(uri)?.[1];
  const place = path === undefined ? null : artifactPlace(path);
  return typeof place === "string" ? null : place;
}

export function pathProblem(path: string): string | null {
  if (path.length > MAX_ARTIFACT_PATH) return `A path may have at most ${MAX_ARTIFACT_PATH} characters.`;
  return artifactPathProblem(path);
}
