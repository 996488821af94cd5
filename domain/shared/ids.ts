import { z } from "zod";

/** Prefix of every id: `run_<uuidv7>`. Version 7 sorts by creation, so an id is also a page cursor. */
export const ID_PREFIXES = {
  user: "usr",
  organization: "org",
  team: "team",
  project: "prj",
  binding: "bind",
  invitation: "inv",
  serviceAccount: "sa",
  token: "tok",
  audit: "aud",
  cluster: "cl",
  node: "node",
  accelerator: "acc",
  agent: "agt",
  agentSession: "as",
  enrolment: "enr",
  clusterEvent: "cev",
  experiment: "exp",
  run: "run",
  attempt: "att",
  runEvent: "rev",
  artifact: "art",
  metricBatch: "mb",
} as const;

export type IdKind = keyof typeof ID_PREFIXES;

const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";

/** zod schema of one kind of id. Refuses ids of another kind by name. */
export function idSchema(kind: IdKind) {
  const prefix = ID_PREFIXES[kind];
  return z.string().regex(new RegExp(`^${prefix}_${UUID}$`), `Expected a ${kind} id such as ${prefix}_0190….`);
}

export const RunId = idSchema("run");
export const AttemptId = idSchema("attempt");
export const ClusterId = idSchema("cluster");
export const NodeId = idSchema("node");
export const ProjectId = idSchema("project");
export const TeamId = idSchema("team");
export const ExperimentId = idSchema("experiment");
export const ArtifactId = idSchema("artifact");
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, "Expected a SHA-256 in lower-case hex.");

/** Names that appear in URLs: organizations, projects, clusters. */
export const Slug = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, "Use lower-case letters, digits and inner hyphens.");

/** Turn a display name into a slug; "x" where nothing usable remains. */
export function slugify(name: string): string {
  const slug = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 63)
    .replace(/-+$/, "");
  return slug || "x";
}
