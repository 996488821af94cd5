import type { Context, Hono } from "hono";
import { displayed } from "../../domain/costs/cost-report.ts";
import { focusColumns, type FocusColumn, focusNumber } from "../../domain/costs/focus.ts";
import { ExportCosts, ExportFocus, ExportParts, FileStatement, OneStatement } from "../../domain/costs/inputs.ts";
import { monthDays } from "../../domain/costs/report-schedule.ts";
import { ExportFormat } from "../../domain/shared/table-file.ts";
import { guard, type GuardedEnv } from "../access/guard.ts";
import { parsed } from "../parsed.ts";
import { downloadHeaders, type FileColumn, jsonQuery, sendTableFile } from "../table-file.ts";
import { AGAINST_COLUMN, COST_COLUMNS, costRows } from "./queries/export.ts";
import { type FocusRow, focusRows } from "./queries/focus.ts";
import { PART_COLUMNS, partRows } from "./queries/parts.ts";
import { getPeriod } from "./queries/periods.ts";
import { displayRate } from "./queries/display-rate.ts";
import { PRICE_FILE_COLUMNS } from "./price-file.ts";
import { priceFileRows } from "./queries/prices.ts";
import { readStatement } from "./queries/report.ts";
import { fileNameOf } from "./report-mail.ts";
import { renderPdf } from "./report-pdf.ts";
import { SHOWN_COLUMNS, STATEMENT_COLUMNS, statementRows } from "./statement.ts";

/** What pages cannot hold: costs as files. */
export function mountCostRoutes(app: Hono): void {
  app.get("/api/costs/export", guard("costs:read"), sendCosts);
  app.get("/api/costs/parts", guard("costs:read"), sendParts);
  app.get("/api/costs/prices", guard("costs:read"), sendPrices);
  app.get("/api/costs/focus", guard("costs:manage"), sendFocus);
  app.get("/api/costs/statement", guard("costs:read"), sendStatement);
  app.get("/api/costs/statement/pdf", guard("costs:read"), sendStatementPdf);
}

async function sendCosts(c: Context<GuardedEnv>) {
  const ctx = c.get("ctx");
  const format = parsed("format", ExportFormat, c.req.query("format"));
  const ask = parsed("set", ExportCosts, jsonQuery(c, "set"));
  return sendTableFile(c, { name: `costs-${ask.from}-${ask.to}`, format, columns: ask.against ? [...COST_COLUMNS, AGAINST_COLUMN] : COST_COLUMNS, pages: costRows(ctx, ask) });
}

async function sendParts(c: Context<GuardedEnv>) {
  const ctx = c.get("ctx");
  const format = parsed("format", ExportFormat, c.req.query("format"));
  const ask = parsed("set", ExportParts, jsonQuery(c, "set"));
  return sendTableFile(c, { name: `parts-${ask.from}-${ask.to}`, format, columns: PART_COLUMNS, pages: partRows(ctx, ask) });
}

/** The price book, in the columns in which it may be brought back. */
async function sendPrices(c: Context<GuardedEnv>) {
  const format = parsed("format", ExportFormat, c.req.query("format"));
  const { db, orgId } = c.get("ctx");
  return sendTableFile(c, { name: "prices", format, columns: PRICE_FILE_COLUMNS, pages: pageOf(await priceFileRows(db, orgId)) });
}
async function* pageOf<Row>(rows: Row[]): AsyncGenerator<Row[]> {
  yield rows;
}

/** The month as it stands; `state` says whether it is closed. */
async function sendStatement(c: Context<GuardedEnv>) {
  const format = parsed("format", ExportFormat, c.req.query("format"));
  const { period, currency } = parsed("statement", FileStatement, { period: c.req.query("period"), currency: c.req.query("currency") });
  const ctx = c.get("ctx");
  const rate = await displayRate(ctx.db, ctx.orgId, currency, monthDays(period).to);
  const view = await getPeriod(ctx, period, Date.now());
  return sendTableFile(c, { name: `statement-${period}`, format, columns: rate ? [...STATEMENT_COLUMNS, ...SHOWN_COLUMNS] : STATEMENT_COLUMNS, pages: statementRows(view, rate) });
}

/** The same for people: of all that the caller may see, or of one team of it. */
async function sendStatementPdf(c: Context<GuardedEnv>) {
  const { org: _org, ...asked } = c.req.query();
  const { period, team, currency } = parsed("statement", OneStatement, asked);
  const now = Date.now();
  const ctx = c.get("ctx");
  const report = displayed(await readStatement(ctx, period, team ?? null, now), await displayRate(ctx.db, ctx.orgId, currency, monthDays(period).to));
  return c.body(new Uint8Array(await renderPdf(report, new Date(now))), 200, downloadHeaders("application/pdf", `${fileNameOf(report)}.pdf`));
}

const FOCUS_CELL: Record<FocusColumn["type"], FileColumn<FocusRow>["type"]> = { decimal: "DECIMAL", datetime: "TIMESTAMP", string: "STRING", json: "STRING" };

const focusCell = (type: FocusColumn["type"], value: string | null): string | null => (type === "decimal" && value !== null ? focusNumber(value) : value);

/** The whole organization's charges after FOCUS: for those who look after its money. */
async function sendFocus(c: Context<GuardedEnv>) {
  const { format: as, org: _org, ...asked } = c.req.query();
  const format = parsed("format", ExportFormat, as);
  const ask = parsed("focus", ExportFocus, asked);
  const columns = focusColumns(ask.dataset, ask.version).map(({ name, type }): FileColumn<FocusRow> => ({ name, type: FOCUS_CELL[type], cell: (row) => focusCell(type, row[name] ?? null) }));
  return sendTableFile(c, { name: `focus-${ask.version}-${ask.dataset}-${ask.period}`, format, columns, pages: focusRows(c.get("ctx"), ask) });
}
