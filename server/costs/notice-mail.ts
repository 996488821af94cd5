import { type CostNotice, noticeTitle, noticeWords } from "../../domain/costs/cost-notice.ts";
import type { Mail } from "../mail.ts";
import { escaped, footHtml, footText, type MailFoot } from "./report-mail.ts";

/** What happened, in a few lines. */
export function noticeMail(notice: CostNotice, foot: MailFoot): Omit<Mail, "to"> {
  const subject = noticeTitle(notice);
  const words = noticeWords(notice);
  return {
    subject,
    text: [subject, "", ...words, "", footText(foot)].join("\n"),
    html: `<!doctype html><html lang="en"><body style="margin:0;padding:24px;font:14px/1.5 system-ui,sans-serif;color:#1d1b22;background:#fff"><div style="max-width:560px">
<h1 style="margin:0 0 12px;font-size:18px">${escaped(subject)}</h1>${words.map((line) => `<p style="margin:0 0 4px">${escaped(line)}</p>`).join("")}
${footHtml(foot)}</div></body></html>`,
    unsubscribe: foot.unsubscribe,
  };
}
