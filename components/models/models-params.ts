import { createLoader, parseAsString } from "nuqs/server";
import { isSlug } from "../../domain/shared/id-format.ts";

/** The URL of the lists of models and data sets. */
export const modelsParams = { project: parseAsString, q: parseAsString.withDefault("") };
export const loadModelsParams = createLoader(modelsParams);

export const listInput = ({ project, q }: { project: string | null; q: string }) => ({ limit: 50, ...(project && isSlug(project) ? { project } : {}), ...(q.trim() ? { text: q.trim().slice(0, 200) } : {}) });
