import { z } from "zod";
import { ExperimentId } from "../shared/ids.ts";

export const ExperimentGoal = z.strictObject({ metric: z.string().min(1).max(250), better: z.enum(["lower", "higher"]) });
export const SetExperimentGoal = z.strictObject({ id: ExperimentId, goal: ExperimentGoal });
export type SetExperimentGoal = z.output<typeof SetExperimentGoal>;
