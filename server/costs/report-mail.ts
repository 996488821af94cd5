import { spanName } from "../../domain/costs/days.ts";
import { type CostReport, reportCsvLines } from "../../domain/costs/cost-report.ts";
import { formatMoney } from "../../domain/costs/money.ts";
import { csvLine } from "../../domain/shared/table-file.ts";
import type { Mail } from "../mail.ts";
import { renderPdf } from "./report-pdf.ts";

/** More lines are in the files only. */
const MOST_LINES = 20;

export const reportCsv = (report: CostReport): string => reportCsvLines(report).map(csvLine).join("");

/** Of files: letters, digits and hyphens. "statement-2026-11-vision". */
export function fileNameOf({ from, to, scope }: CostReport): string {
  const what = (scope ?? "").toLowerCase().normalize("NFKD").replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "");
  return ["costs", from, to, what].filter(Boolean).join("-");
}

/** All of it. */
export async function reportFiles(report: CostReport, madeAt: Date): Promise<NonNullable<Mail["attachments"]>> {
  const name = fileNameOf(report);
  return [
    { filename: `${name}.pdf`, content: await renderPdf(report, madeAt), contentType: "application/pdf" },
    { filename: `${name}.csv`, content: reportCsv(report), contentType: "text/csv; charset=utf-8" },
  ];
}

/** At the end of a mail. */
export interface MailFoot {
  /** To the same in the console. */
  link: string;
  /** Who gets it and how to change that. */
  why: string;
  /** Where its recipient ends it. */
  unsubscribe: string;
}

/** The report as a mail: what it comes to in its text; its files say all of it. */
export function renderMail(report: CostReport, foot: MailFoot): Omit<Mail, "to" | "attachments"> {
  const about = report.scope ?? report.organization;
  const shown = report.rows.slice(0, MOST_LINES);
  const money = (amount: string) => formatMoney(amount, report.currency);
  const rest = report.rows.length > shown.length ? `and ${report.rows.length - shown.length} more in the files` : null;
  return {
    subject: `${report.title}, ${about}: ${money(report.total)}`,
    text: [`${report.title}, ${about}`, `${spanName(report.from, report.to)}, UTC`, "", `Total: ${money(report.total)}`, ...report.notes, "", ...shown.map((row, at) => `${money(row.rounded).padStart(16)}${report.display ? formatMoney(report.display.rows[at]!, report.display.currency).padStart(18) : ""}  ${row.project}${row.team ? ` (${row.team})` : ""}`), ...(rest ? [rest] : []), "", footText(foot)].join("\n"),
    html: htmlOf(report, about, shown, rest, foot),
    unsubscribe: foot.unsubscribe,
  };
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
export const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => ENTITIES[sign]!);

export const footText = ({ link, why, unsubscribe }: MailFoot): string => [link, "", why, `Stop these mails: ${unsubscribe}`].join("\n");
export const footHtml = ({ link, why, unsubscribe }: MailFoot): string =>
  `<p style="margin:16px 0"><a href="${escaped(link)}" style="color:#7a2e7f">Open in Drover</a></p><p style="margin:0;color:#6b6675;font-size:12px">${escaped(why)}<br><a href="${escaped(unsubscribe)}" style="color:#6b6675">Stop these mails</a></p>`;

function htmlOf(report: CostReport, about: string, shown: CostReport["rows"], rest: string | null, foot: MailFoot): string {
  const money = (amount: string) => escaped(formatMoney(amount, report.currency));
  const cell = "padding:5px 0;border-bottom:1px solid #e3e0e8";
  const { display } = report;
  const lines = shown.map((row, at) => `<tr><td style="${cell}">${escaped(row.project)}${row.team ? ` <span style="color:#6b6675">${escaped(row.team)}</span>` : ""}</td><td style="${cell};text-align:right;white-space:nowrap">${money(row.rounded)}</td>${display ? `<td style="${cell};padding-left:16px;text-align:right;white-space:nowrap;color:#6b6675">${escaped(formatMoney(display.rows[at]!, display.currency))}</td>` : ""}</tr>`).join("");
  return `<!doctype html><html lang="en"><body style="margin:0;padding:24px;font:14px/1.5 system-ui,sans-serif;color:#1d1b22;background:#fff"><div style="max-width:560px">
<p style="margin:0;color:#6b6675">${escaped(about)} · ${report.from} to ${report.to}, UTC</p><h1 style="margin:2px 0 12px;font-size:20px">${escaped(report.title)}</h1>
<p style="margin:0 0 8px;font-size:24px;font-weight:600">${money(report.total)}</p>${report.notes.map((note) => `<p style="margin:0;color:#6b6675">${escaped(note)}</p>`).join("")}
<table style="width:100%;margin:16px 0;border-collapse:collapse">${lines}</table>${rest ? `<p style="margin:0 0 16px;color:#6b6675">${escaped(rest)}</p>` : ""}
${footHtml(foot)}</div></body></html>`;
}
