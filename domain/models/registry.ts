import { WORD_CHARACTERS } from "../experiments/mlflow-words.ts";

/** The model registry's words and rules, as MLflow's clients know them. */

export const STAGES = ["None", "Staging", "Production", "Archived"] as const;
export type Stage = (typeof STAGES)[number];
/** Stages that serve somebody: moving a version there may archive the others in it. */
export const ACTIVE_STAGES: readonly Stage[] = ["Staging", "Production"];

export const VERSION_STATUSES = ["PENDING_REGISTRATION", "FAILED_REGISTRATION", "READY"] as const;
export type VersionStatus = (typeof VERSION_STATUSES)[number];

export const LOGGED_MODEL_STATUSES = ["LOGGED_MODEL_PENDING", "LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED"] as const;
export type LoggedModelStatus = (typeof LOGGED_MODEL_STATUSES)[number];

export const MODEL_LIMITS = { name: 256, description: 5000, tagKey: 250, tagValue: 100_000, alias: 255, source: 500, versionsPage: 200_000, modelsPage: 1000, paramValue: 100_000 } as const;

/** The stage that a text names, in whatever case; null when it names none. */
export const stageOf = (text: string): Stage | null => STAGES.find((stage) => stage.toLowerCase() === text.trim().toLowerCase()) ?? null;

/** Why this cannot be the name of a registered model; null when it can. */
export function modelNameProblem(name: string): string | null {
  if (name.trim() === "") return "Registered model name cannot be empty.";
  if (name.length > MODEL_LIMITS.name) return `Registered model name exceeds the maximum length of ${MODEL_LIMITS.name} characters.`;
  return /[/:]/.test(name) ? `Invalid model name: '${name}'. Names may not contain a slash or a colon.` : null;
}

/** Names the newest version, like an alias that nobody has to set. */
export const LATEST = "latest";
const ALIAS = new RegExp(`^[${WORD_CHARACTERS}-]+$`, "u");
const TAG_KEY = new RegExp(`^[${WORD_CHARACTERS} .:/-]+$`, "u");

/** Why this cannot be an alias; null when it can. `latest` and `v1` name versions by themselves. */
export function aliasProblem(alias: string): string | null {
  if (alias === "") return "Registered model alias name cannot be empty.";
  if (alias.length > MODEL_LIMITS.alias) return `Registered model alias name exceeds the maximum length of ${MODEL_LIMITS.alias} characters.`;
  if (!ALIAS.test(alias)) return `Invalid alias name: '${alias}'. Names may only contain alphanumerics, underscores (_) and dashes (-).`;
  if (alias.toLowerCase() === LATEST) return "'latest' alias name (case insensitive) is reserved.";
  return /^v\d+$/i.test(alias) ? `Version alias name '${alias}' is reserved.` : null;
}

/** Why this cannot be a tag's key; null when it can. */
export function tagKeyProblem(key: string): string | null {
  if (key === "") return "Tag name cannot be empty.";
  if (key.length > MODEL_LIMITS.tagKey) return `Tag key exceeds the maximum length of ${MODEL_LIMITS.tagKey} characters.`;
  return TAG_KEY.test(key) ? null : `Invalid tag name: '${key}'. Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colons(:) and slashes (/).`;
}

/** The number of a version as clients write it; null for anything else. */
export function versionNumber(text: string): number | null {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  return number >= 1 ? number : null;
}

/** What a model version is made of, by its source. */
export type ModelSource =
  | { kind: "logged"; modelId: string }
  | { kind: "version"; name: string; version: number }
  | { kind: "alias"; name: string; alias: string } // `latest` too
  | { kind: "stage"; name: string; stage: Stage } // the newest there
  | { kind: "uri"; uri: string };

/** Says of a model and of its versions that they are prompts: texts, kept in a tag. */
export const PROMPT_TAG = "mlflow.prompt.is_prompt";
/** What MLflow's clients write where a version must have a source and a prompt has none. */
export const PROMPT_SOURCES: readonly string[] = ["dummy-source", "prompt-template"];

/** @returns a text that says why the source is refused. */
export function readSource(source: string): ModelSource | string {
  if (source.length > MODEL_LIMITS.source) return `Source exceeds the maximum length of ${MODEL_LIMITS.source} characters.`;
  const logged = /^models:\/+(m-[0-9a-f]{32})\/?$/.exec(source);
  if (logged) return { kind: "logged", modelId: logged[1]! };
  if (source.startsWith("models:")) return readVersion(source) ?? `Invalid model version source: '${source}'. Expected models:/<model id>, models:/<name>/<version>, models:/<name>/<stage> or models:/<name>@<alias>.`;
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(source)?.[1]?.toLowerCase();
  if (!scheme || scheme === "file") return `Invalid model version source: '${source}'. A path of one machine means nothing to another: log the model as an artifact of a run first.`;
  if (/(?:^|[/\\])\.\.(?:[/\\]|$)|%2e%2e|\0/i.test(source)) return `Invalid model version source: '${source}'. It must not climb out of its folder.`;
  return { kind: "uri", uri: source };
}

/** A version by its number, or by what points to it just now. */
function readVersion(source: string): ModelSource | null {
  const aliased = /^models:\/+([^/:]+)@([^/:@]+)\/?$/.exec(source);
  if (aliased) return { kind: "alias", name: decoded(aliased[1]!), alias: aliased[2]! };
  const [, name, which = ""] = /^models:\/+([^/:]+)\/([^/:]+)\/?$/.exec(source) ?? [];
  if (name === undefined) return null;
  if (/^\d{1,9}$/.test(which)) return { kind: "version", name: decoded(name), version: Number(which) };
  if (which.toLowerCase() === LATEST) return { kind: "alias", name: decoded(name), alias: LATEST };
  const stage = stageOf(which);
  return stage && { kind: "stage", name: decoded(name), stage };
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name; // a percent sign of its own
  }
}
