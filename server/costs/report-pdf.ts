import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { TDocumentDefinitions } from "pdfmake/interfaces.js";
import { spanName } from "../../domain/costs/days.ts";
import type { CostReport } from "../../domain/costs/cost-report.ts";
import { formatMoney } from "../../domain/costs/money.ts";

/** Would push the other columns off the page. */
const LONG_WORD = /\S{24}/;
const INK = "#1d1b22";
const FAINT = "#6b6675";
const LINE = "#d9d6de";

/** The report as a PDF, A4: its text is text, its font is in it, its table's head repeats on every page. */
export async function renderPdf(report: CostReport, madeAt: Date): Promise<Buffer> {
  return (await printer()).createPdf(documentOf(report, madeAt)).getBuffer();
}

let opened: ReturnType<typeof openPrinter> | undefined;
const printer = () => (opened ??= openPrinter());

/** 15 MB that most processes never need. Nothing in a report makes it read a file or call somebody. */
async function openPrinter() {
  const { default: pdfmake } = await import("pdfmake");
  const fonts = join(dirname(createRequire(import.meta.url).resolve("geist/font/sans")), "fonts/geist-sans");
  pdfmake.setFonts({ Geist: { normal: join(fonts, "Geist-Regular.ttf"), bold: join(fonts, "Geist-SemiBold.ttf") } });
  pdfmake.setUrlAccessPolicy(() => false);
  pdfmake.setLocalAccessPolicy((path) => path.startsWith(fonts));
  return pdfmake;
}

function documentOf(report: CostReport, madeAt: Date): TDocumentDefinitions {
  const { title, organization, scope, from, to, currency, rows, notes, display } = report;
  const money = (amount: string) => formatMoney(amount, currency);
  const figure = (amount: string, of = currency) => ({ text: formatMoney(amount, of), alignment: "right" as const, fontFeatures: ["tnum" as const] });
  const name = (text: string) => ({ text, wordBreak: LONG_WORD.test(text) ? ("break-all" as const) : ("normal" as const) });
  const head = (text: string, alignment: "left" | "right" = "left") => ({ text, alignment, color: FAINT, bold: true });
  const withTeams = rows.some(({ team }) => team !== "");
  const body = rows.map((row, at) => [name(row.project), ...(withTeams ? [{ ...name(row.team || "–"), color: row.team ? INK : FAINT }] : []), figure(row.rounded), ...(display ? [figure(display.rows[at]!, display.currency)] : [])]);
  const total = [{ text: "Total", bold: true }, ...(withTeams ? [{ text: "" }] : []), { ...figure(report.total), bold: true }, ...(display ? [{ ...figure(display.total, display.currency), bold: true }] : [])];
  const made = `${madeAt.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  return {
    info: { title: `${title}: ${scope ?? organization}`, creator: "Drover", producer: "Drover" },
    pageSize: "A4",
    pageMargins: [48, 56, 48, 56],
    defaultStyle: { font: "Geist", fontSize: 9.5, color: INK, lineHeight: 1.25 },
    content: [
      { text: organization, color: FAINT },
      { text: title, fontSize: 20, bold: true, margin: [0, 2, 0, 2] },
      { text: `${scope ?? "The whole organization"} · ${spanName(from, to)}, UTC`, color: FAINT, margin: [0, 0, 0, 14] },
      { text: money(report.total), fontSize: 24, bold: true, margin: [0, 0, 0, 6] },
      ...notes.map((text) => ({ text, color: FAINT, margin: [0, 0, 0, 2] as [number, number, number, number] })),
      rows.length === 0
        ? { text: "Nothing was spent in these days.", margin: [0, 16, 0, 0] }
        : {
            margin: [0, 16, 0, 0],
            table: { headerRows: 1, dontBreakRows: true, widths: ["*", ...(withTeams ? [150] : []), "auto", ...(display ? ["auto"] : [])], body: [[head("Project"), ...(withTeams ? [head("Team")] : []), head("Cost", "right"), ...(display ? [head(`In ${display.currency}`, "right")] : [])], ...body, total] },
            layout: { hLineWidth: (at, node) => (at === 0 ? 0 : at === 1 || at >= node.table.body.length - 1 ? 0.8 : 0.4), vLineWidth: () => 0, hLineColor: () => LINE, paddingLeft: () => 0, paddingRight: (at, node) => (at === node.table.body[0]!.length - 1 ? 0 : 12), paddingTop: () => 5, paddingBottom: () => 4 },
          },
    ],
    footer: (page, pages) => ({ margin: [48, 16, 48, 0], fontSize: 8, color: FAINT, columns: [{ text: `Made by Drover, ${made}. Amounts are exact in the ledger and rounded here to what can be paid, so that the lines add up.` }, { text: `${page} / ${pages}`, alignment: "right", width: 40 }] }),
  };
}
