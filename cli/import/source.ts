import { z } from "zod";

/** What an import reads, wherever it lies. Words and shapes are MLflow's. */
export const Pair = z.object({ key: z.string(), value: z.coerce.string() });
export type Pair = z.output<typeof Pair>;
const Text = z.string().nullish().transform((text) => text || null);
const Time = z.coerce.number().nullish().transform((time) => time || null);
const Pairs = z.array(Pair).nullish().transform((pairs) => pairs ?? []);

export const SourceExperiment = z.object({ experiment_id: z.coerce.string(), name: z.string(), tags: Pairs });
export type SourceExperiment = z.output<typeof SourceExperiment>;

const Dataset = z.object({ tags: Pairs, dataset: z.object({ name: z.string(), digest: z.string(), source_type: Text, source: Text, schema: Text, profile: Text }) });
export const SourceRun = z.object({
  info: z.object({ run_id: z.string(), run_name: Text, user_id: Text, status: z.enum(["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"]), start_time: Time, end_time: Time }),
  data: z.object({ metrics: z.array(z.object({ key: z.string() })).nullish().transform((all) => [...new Set((all ?? []).map(({ key }) => key))]), params: Pairs, tags: Pairs }).prefault({}),
  inputs: z.object({ dataset_inputs: z.array(Dataset).nullish().transform((all) => all ?? []) }).prefault({}),
  outputs: z.object({ model_outputs: z.array(z.object({ model_id: z.string(), step: z.union([z.number(), z.bigint()]).nullish() })).nullish().transform((all) => all ?? []) }).prefault({}),
});
export type SourceRun = z.output<typeof SourceRun>;

/** As the wire has it: NaN and the infinities are words. */
export const Point = z.object({ value: z.union([z.number(), z.bigint(), z.string()]), timestamp: z.union([z.number(), z.bigint()]), step: z.union([z.number(), z.bigint()]).nullish().transform((step) => step ?? 0) });
export type Point = z.output<typeof Point>;

export const SourceModel = z.object({
  info: z.object({ model_id: z.string(), name: z.string(), model_type: Text, source_run_id: Text, status: Text, tags: Pairs }),
  data: z.object({ params: Pairs }).prefault({}),
});
export type SourceModel = z.output<typeof SourceModel>;

export const SourceVersion = z.object({ version: z.coerce.number(), source: z.string().nullish().transform((text) => text ?? ""), run_id: Text, description: Text, current_stage: Text, tags: Pairs });
export type SourceVersion = z.output<typeof SourceVersion>;
export const SourceRegistered = z.object({ name: z.string(), description: Text, tags: Pairs, aliases: z.array(z.object({ alias: z.string(), version: z.coerce.number() })).nullish().transform((all) => all ?? []) });
export type SourceRegistered = z.output<typeof SourceRegistered>;

export interface FileOwner {
  kind: "run" | "model";
  experimentId: string;
  id: string;
}
export interface SourceFile {
  path: string;
  bytes: number;
}

export interface Source {
  /** Kept in a tag of what was imported. */
  label: string;
  experiments: () => AsyncIterable<SourceExperiment>;
  /** In the order in which they started. */
  runs: (experimentId: string) => AsyncIterable<SourceRun>;
  /** Every point of a key, in pages, in the order in which they were logged. */
  history: (experimentId: string, runId: string, key: string) => AsyncIterable<Point[]>;
  loggedModels: (experimentId: string) => AsyncIterable<SourceModel>;
  registered: () => AsyncIterable<SourceRegistered>;
  versions: (name: string) => Promise<SourceVersion[]>;
  files: (owner: FileOwner) => AsyncIterable<SourceFile>;
  open: (owner: FileOwner, path: string) => Promise<ReadableStream<Uint8Array>>;
}
