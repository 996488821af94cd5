import type { PeriodLine, PeriodView } from "../../domain/costs/period-view.ts";
import type { FileColumn } from "../table-file.ts";

interface StatementRow extends PeriodLine {
  view: PeriodView;
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

export async function* statementRows(view: PeriodView): AsyncGenerator<StatementRow[]> {
  yield view.lines.map((line) => ({ ...line, view }));
}
