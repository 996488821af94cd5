import { createLoader, parseAsString } from "nuqs/server";
import { isSlug } from "../../domain/shared/id-format.ts";

/** The queue's URL: the scope of the whole console. */
export const queueParams = { project: parseAsString };
export const loadQueueParams = createLoader(queueParams);

/** The lists' query, the same for the page that prefetches and the table that shows it. */
export const queueInput = (project: string | null) => ({ ...(project && isSlug(project) ? { project } : {}), limit: 50 });
