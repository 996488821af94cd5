import { createLoader, parseAsBoolean, parseAsInteger, parseAsString } from "nuqs/server";
import { scopeOf } from "../runs-params.ts";

/** The URL of the list of reports. */
export const reportsParams = { project: parseAsString, q: parseAsString.withDefault(""), archived: parseAsBoolean.withDefault(false) };
export const loadReportsParams = createLoader(reportsParams);

export const reportsInput = ({ project, q, archived }: { project: string | null; q: string; archived: boolean }) => ({ ...scopeOf(project), ...(q.trim() ? { text: q.trim().slice(0, 200) } : {}), archived, limit: 50 });

/** The URL of one report: the newest version, or an old one. */
export const reportParams = { version: parseAsInteger };
export const loadReportParams = createLoader(reportParams);

export const reportInput = (id: string, version: number | null) => ({ id, ...(version !== null && version > 0 ? { version } : {}) });
export const pagesInput = (id: string) => ({ id, limit: 50 });
