import type { Allowed } from "../experiments/run-view.ts";
import type { RunStatus } from "../experiments/run-status.ts";
import type { Stage, VersionStatus } from "./registry.ts";

export interface ModelRowView {
  id: string;
  name: string;
  description: string | null;
  project: { id: string; slug: string; name: string };
  /** The highest number that is there; null before the first and after the last. */
  latestVersion: number | null;
  /** A text that MLflow's clients keep as if it were a model. */
  isPrompt: boolean;
  aliases: { alias: string; version: number }[];
  createdBy: string;
  createdAt: Date;
  updatedAt: Date;
}

export interface ModelDetail extends ModelRowView {
  tags: Record<string, string>;
  versionCount: number;
  can: { write: Allowed; promote: Allowed };
}

export interface VersionRowView {
  version: number;
  stage: Stage;
  status: VersionStatus;
  description: string | null;
  aliases: string[];
  run: { id: string; name: string } | null;
  createdBy: string;
  createdAt: Date;
}

export interface VersionDetail extends VersionRowView {
  model: { id: string; name: string };
  source: string;
  location: string;
  loggedModelId: string | null;
  tags: Record<string, string>;
  updatedAt: Date;
  /** Where it came from: the run, what it read, and the code it ran. */
  lineage: {
    run: { id: string; name: string; status: RunStatus; experiment: { id: string; name: string } } | null;
    metrics: { key: string; last: number }[];
    params: { key: string; value: string }[];
    datasets: { id: string; name: string; digest: string; context: string | null }[];
    code: { label: string; detail: string } | null;
  };
  files: { path: string; bytes: number; sha256: string }[];
  can: { write: Allowed; promote: Allowed };
}

export interface ModelEventView {
  id: string;
  at: Date;
  kind: string;
  version: number | null;
  actor: string | null;
  message: string;
}

export interface DatasetView {
  id: string;
  name: string;
  digest: string;
  sourceType: string;
  source: string;
  project: { slug: string; name: string };
  /** Runs that read it, the newest few and how many in all. */
  runs: { id: string; name: string }[];
  runCount: number;
  createdAt: Date;
}
