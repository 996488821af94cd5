import { DISPLAY_CSV_HEAD, displayCsvCells } from "../../domain/costs/cost-report.ts";
import { displayOf, type DisplayRate } from "../../domain/costs/display-currency.ts";
import type { PeriodLine, PeriodView } from "../../domain/costs/period-view.ts";
import type { FileColumn } from "../table-file.ts";

interface StatementRow extends PeriodLine {
  view: PeriodView;
  shown: string[];
}
const column = (name: string, cell: (row: StatementRow) => string | null): FileColumn<StatementRow> => ({ name, type: "STRING", cell });

/** Exact amounts beside those in cents, which add up to the rounded total. */
export const STATEMENT_COLUMNS: readonly FileColumn<StatementRow>[] = [
  column("period", ({ view }) => view.period),
  column("state", ({ view }) => view.state),
  column("team", ({ team }) => team || null),
  column("project", ({ projectId, project }) => (projectId === "" ? null : project)),
  column("charge", ({ projectId }) => (projectId === "" ? "idle" : "usage")),
  column("amount", ({ rounded }) => rounded),
  column("exact_amount", ({ amount }) => amount),
  column("of_which_corrections", ({ corrections }) => corrections),
  column("currency", ({ view }) => view.currency),
];

/** The statement's columns in another currency. */
export const SHOWN_COLUMNS: readonly FileColumn<StatementRow>[] = DISPLAY_CSV_HEAD.map((name, at) => column(name, ({ shown }) => shown[at] ?? null));

/** @param rate By which amounts are also shown; null: they are not. */
export async function* statementRows(view: PeriodView, rate: DisplayRate | null): AsyncGenerator<StatementRow[]> {
  const display = rate && displayOf(view.lines.map(({ amount }) => amount), rate);
  yield view.lines.map((line, at) => ({ ...line, view, shown: display ? displayCsvCells(display, at) : [] }));
}
