import type { Context, Hono } from "hono";
import { ExportTable } from "../../domain/experiments/export-inputs.ts";
import { ExportFormat } from "../../domain/shared/table-file.ts";
import { guard, type GuardedEnv } from "../access/guard.ts";
import { parsed } from "../parsed.ts";
import { jsonQuery, sendTableFile } from "../table-file.ts";
import { exportColumns, exportRows } from "./queries/table/export.ts";
import { readerOf, withinOf } from "./queries/table/within.ts";

type C = Context<GuardedEnv>;

/** The table as a file, streamed: no row waits for the last one. */
export function mountExportRoutes(app: Hono): void {
  app.get("/api/runs/export", guard("runs:read"), sendTable);
}

async function sendTable(c: C) {
  const { db, grant } = c.get("ctx");
  const reader = readerOf(c.get("ctx"));
  const format = parsed("format", ExportFormat, c.req.query("format"));
  const ask = parsed("set", ExportTable, jsonQuery(c, "set"));
  await withinOf(db, grant, reader, ask); // a filter that makes no sense is refused before the first byte
  return sendTableFile(c, { name: `runs-${new Date().toISOString().slice(0, 10)}`, format, columns: exportColumns(ask.columns, reader), pages: exportRows(db, grant, reader, ask) });
}
