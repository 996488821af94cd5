/** Machine paths that a browser opens by itself: downloads, previews, uploads. A plain link sends no header, so the organization is named in the query. */
const query = (org: string, more: Record<string, string> = {}) => `?${new URLSearchParams({ org, ...more }).toString()}`;

export const rawUrls = {
  /** With its hash, so that the browser may keep it: what is logged under its path later has another one. */
  artifact: (org: string, { id, sha256 }: { id: string; sha256: string }) => `/api/artifacts/${id}${query(org, { sha256 })}`,
  artifactDownload: (org: string, id: string) => `/api/artifacts/${id}${query(org, { download: "1" })}`,
  log: (org: string, attemptId: string, stream?: "stdout" | "stderr") => `/api/attempts/${attemptId}/log${query(org, stream ? { stream } : {})}`,
  /** `set`: what the table shows, as its query takes it. */
  runsExport: (org: string, format: "csv" | "parquet", set: object) => `/api/runs/export${query(org, { format, set: JSON.stringify(set) })}`,
  /** As a WebSocket. */
  terminal: (org: string, runId: string, shell: { terminal: string; rows: string; cols: string }) => `/api/runs/${runId}/terminal${query(org, shell)}`,
  code: (org: string, sha256: string) => `/api/code/${sha256}${query(org)}`,
};
