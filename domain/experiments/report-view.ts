import type { Allowed } from "./run-view.ts";

export interface ReportRow {
  id: string;
  title: string;
  project: { id: string; slug: string; name: string };
  createdByName: string;
  updatedByName: string;
  version: number;
  comments: number;
  archivedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

export interface ReportDetail extends ReportRow {
  body: string;
  /** The version shown, and the newest one. */
  newest: number;
  can: { write: Allowed };
}

export interface ReportVersion {
  version: number;
  title: string;
  byName: string;
  at: Date;
}

export interface ReportComment {
  id: string;
  authorName: string;
  body: string;
  createdAt: Date;
  /** Its author may delete it. */
  mine: boolean;
}
