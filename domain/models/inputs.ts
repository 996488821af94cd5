import { z } from "zod";
import { idSchema, RunId, Slug } from "../shared/ids.ts";
import { aliasProblem, MODEL_LIMITS, modelNameProblem, STAGES, tagKeyProblem } from "./registry.ts";

/** What the procedures of the registry take; the forms check with the same. */
export const ModelId = idSchema("registeredModel");
const Limit = z.int().min(1).max(200).default(50);

const said = (problem: (text: string) => string | null) => (text: string, ctx: z.RefinementCtx) => {
  const message = problem(text);
  if (message) ctx.addIssue({ code: "custom", message });
};
export const ModelName = z.string().superRefine(said(modelNameProblem));
export const Alias = z.string().trim().superRefine(said(aliasProblem));
const TagKey = z.string().trim().superRefine(said(tagKeyProblem));
const Description = z.string().max(MODEL_LIMITS.description, `At most ${MODEL_LIMITS.description} characters.`);

export const ListModels = z.strictObject({
  project: Slug.optional(),
  /** Part of the name. */
  text: z.string().trim().max(200).optional(),
  cursor: z.string().max(400).optional(),
  limit: Limit,
});
export type ListModels = z.output<typeof ListModels>;
export const OneModel = z.strictObject({ id: ModelId });
export const OneVersion = OneModel.extend({ version: z.int().min(1).max(2_147_483_647) });
export const ListVersions = OneModel.extend({ cursor: z.int().min(1).optional(), limit: Limit });
export type ListVersions = z.output<typeof ListVersions>;
export const ListModelEvents = OneModel.extend({ version: z.int().min(1).optional(), cursor: z.string().max(64).optional(), limit: Limit });
export type ListModelEvents = z.output<typeof ListModelEvents>;

export const RegisterFromRun = z.strictObject({
  runId: RunId,
  /** Of the model's folder or file among the run's artifacts. */
  path: z.string().trim().min(1, "Name the folder or file of the model.").max(1024),
  name: ModelName,
  description: Description.default(""),
});
export type RegisterFromRun = z.output<typeof RegisterFromRun>;
export const DescribeModel = OneModel.extend({ version: z.int().min(1).optional(), description: Description });
/** A null takes the tag away. */
export const TagModel = OneModel.extend({ version: z.int().min(1).optional(), key: TagKey, value: z.string().max(5000).nullable() });
export const SetAlias = OneVersion.extend({ alias: Alias });
export const RemoveAlias = OneModel.extend({ alias: Alias });
export const MoveToStage = OneVersion.extend({ stage: z.enum(STAGES), archiveOthers: z.boolean().default(false) });

export const ListDatasets = z.strictObject({ project: Slug.optional(), text: z.string().trim().max(200).optional(), cursor: z.string().max(64).optional(), limit: Limit });
export type ListDatasets = z.output<typeof ListDatasets>;
