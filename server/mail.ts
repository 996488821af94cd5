import { isIP } from "node:net";
import { createTransport, type SendMailOptions, type Transporter } from "nodemailer";
import { env } from "../env.ts";
import { DomainError } from "../domain/shared/errors.ts";

/** Of one mail: a server that takes it and says nothing holds up no other. */
const PATIENCE_MS = 30_000;

/** `unsubscribe`: the link that ends such mails to this address. */
export type Mail = Pick<SendMailOptions, "messageId" | "subject" | "text" | "html" | "attachments"> & { to: string; unsubscribe?: string };

export const canMail = (): boolean => env().DROVER_SMTP !== undefined;

let opened: { url: string; transport: Transporter } | undefined;

/**
 * Resolves once the SMTP server of DROVER_SMTP has taken the mail.
 * @throws DomainError "unavailable" that says why it was not taken.
 */
export async function sendMail({ unsubscribe, ...mail }: Mail): Promise<void> {
  const { DROVER_SMTP: url, DROVER_MAIL_FROM: from } = env();
  if (!url) throw new DomainError("unavailable", "This server sends no mail: its DROVER_SMTP is not set.");
  if (opened?.url !== url) opened = { url, transport: createTransport(transportOf(url)) };
  try {
    await opened.transport.sendMail({ ...mail, from, headers: { "Auto-Submitted": "auto-generated", ...(unsubscribe ? listHeaders(unsubscribe) : {}) }, disableFileAccess: true, disableUrlAccess: true });
  } catch (error) {
    throw new DomainError("unavailable", `The mail was not taken: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** RFC 2369; and where there is an https address, as RFC 8058 wants it, that a POST to it is enough. */
const listHeaders = (link: string) => ({ "List-Unsubscribe": `<${link}>`, ...(link.startsWith("https:") ? { "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" } : {}) });

/** A password never goes over a line in the clear, but to this machine itself. */
function transportOf(text: string) {
  const url = new URL(text);
  const isLocal = url.hostname === "localhost" || (isIP(url.hostname) === 4 && url.hostname.startsWith("127.")) || url.hostname === "[::1]";
  const secure = url.protocol === "smtps:";
  const auth = url.username ? { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } : undefined;
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port: url.port ? Number(url.port) : secure ? 465 : 587, secure, auth, requireTLS: Boolean(auth) && !isLocal, ignoreTLS: isLocal && !secure, connectionTimeout: PATIENCE_MS, greetingTimeout: PATIENCE_MS, socketTimeout: PATIENCE_MS };
}
