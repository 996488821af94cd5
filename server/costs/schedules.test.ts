import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extractText, getDocumentProxy, getMeta } from "unpdf";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startSmtpServer, type TakenMail } from "../../scripts/test/smtp-server.ts";
import { compare, decimal, sum } from "../../domain/costs/decimal.ts";
import { spanOf } from "../../domain/costs/period.ts";
import { lastDue, spanOfDue } from "../../domain/costs/report-schedule.ts";
import { DELIVERY_TRIES } from "../../domain/shared/delivery.ts";
import { HOUR_MS } from "../../domain/costs/metering.ts";
import { buildApp } from "../app.ts";
import { bus } from "../bus.ts";
import { sendReports } from "./jobs/send-reports.ts";
import { readReport } from "./queries/report.ts";
import { fileNameOf, renderMail, reportFiles } from "./report-mail.ts";
import { renderPdf } from "./report-pdf.ts";
import { type MeteredWorld, meteredWorld } from "./testing.ts";

let world: MeteredWorld;
const taken: TakenMail[] = [];
let smtp: Awaited<ReturnType<typeof startSmtpServer>>;
beforeAll(async () => {
  smtp = await startSmtpServer({ refuse: (address) => address.startsWith("gone@"), onMail: (mail) => taken.push(mail) });
  Object.assign(process.env, { DROVER_SMTP: smtp.url, DROVER_MAIL_FROM: "Drover <drover@acme.test>", DROVER_URL: "http://drover.acme.test:7070", DROVER_WEBHOOK_HOSTS: "127.0.0.1", DROVER_SECRET: "s".repeat(32) });
  world = await meteredWorld();
  await world.ran(world.vision.id, world.start, HOUR_MS + 7);
  await world.ran(world.speech.id, world.start, HOUR_MS / 3);
  await world.book();
});
afterAll(async () => {
  await world.close();
  await smtp.stop();
});

const pdfText = async (bytes: Buffer) => {
  const document = await getDocumentProxy(new Uint8Array(bytes));
  const { totalPages, text } = await extractText(document, { mergePages: true });
  return { totalPages, text: text.replace(/\s+/g, " "), title: (await getMeta(document)).info.Title as string };
};
const due = () => world.sql`update cost_deliveries set next_at = now() - interval '1 second' where next_at is not null`;
/** A moment at which last month's statement was due already. */
const now = () => spanOf(world.last).to + 5 * 86_400_000;
const rows = () => world.sql<{ recipient: string; tries: number; sent: boolean; open: boolean; error: string | null }[]>`select recipient, tries, sent_at is not null as sent, next_at is not null as open, error from cost_deliveries order by id`;

describe("a month's statement", () => {
  it("is a PDF whose lines add up to its total, and one team's is that team's alone", async () => {
    const scope = { type: "org" as const, id: world.org.id };
    const report = await readReport(world.db, world.org.id, { cadence: "monthly", scope, span: spanOfDue("monthly", now()) }, now());
    expect(compare(sum(report.rows.map(({ rounded }) => decimal(rounded))), decimal(report.total))).toBe(0);
    const { text, title, totalPages } = await pdfText(await renderPdf(report, new Date(now())));
    expect([title, totalPages]).toEqual([`${report.title}: acme`, 1]);
    for (const words of ["acme", "vision", "speech", "Idle", "Total", `$${report.total}`, "not closed yet"]) expect(text).toContain(words);

    const app = buildApp();
    const get = (query: string, token: string) => app.request(`/api/costs/statement/pdf?org=acme&period=${world.last}${query}`, { headers: { authorization: `Bearer ${token}` } });
    const token = (await world.owner.api.access.createMyToken({ name: "pdf", permissions: ["costs:read"] })).token;
    const answer = await get(`&team=${world.vision.teamId}`, token);
    expect([answer.status, answer.headers.get("content-type"), answer.headers.get("content-disposition")]).toEqual([200, "application/pdf", `attachment; filename="costs-${world.last}-01-${spanOfDue("monthly", now()).to}-team-vision.pdf"`]);
    const own = await pdfText(Buffer.from(await answer.arrayBuffer()));
    expect(own.text).toContain("Team vision");
    expect(own.text).not.toContain("speech");
    expect(own.text).not.toContain("Idle");
    const guest = await world.makeUser(world.org.id, world.org.slug, "Gus Guest", [["viewer", "project", world.vision.id]]);
    const theirs = await pdfText(Buffer.from(await (await get(`&team=${world.vision.teamId}`, (await guest.api.access.createMyToken({ name: "pdf", permissions: ["costs:read"] })).token)).arrayBuffer()));
    expect(theirs.text).toContain("Team vision, the projects that you may see");
    expect((await get("&team=team_01920000-0000-7000-8000-000000000000", token)).status).toBe(404);
    expect((await get("&team=1", token)).status).toBe(422);
  });

  it("goes over as many pages as it needs, with its head on each, whatever names are in it", async () => {
    const name = `<img src="http://127.0.0.1:1/x"> =cmd|' /C calc'!A0 Zürich → ${"w".repeat(90)}`;
    const report = { title: "Statement of May 2026", organization: "Acme", scope: null, from: "2026-05-01", to: "2026-05-31", currency: "EUR", total: "300.00", rows: Array.from({ length: 300 }, (_, at) => ({ project: `${name} ${at}`, team: "Team", amount: "1", rounded: "1.00" })), display: null, notes: [] };
    const { text, totalPages } = await pdfText(await renderPdf(report, new Date(0)));
    expect(totalPages).toBeGreaterThan(5);
    expect(text.match(/\bCost\b/g)).toHaveLength(totalPages);
    expect(text).toContain("Zürich →");
    const mail = renderMail(report, { link: "http://drover.test/a?b=1&c=2", why: "Because.", unsubscribe: "http://drover.test/stop" });
    const files = await reportFiles(report, new Date(0));
    expect(mail.html).not.toContain("<img");
    expect(mail.html).toContain("&lt;img");
    expect(String(files[1]!.content)).not.toMatch(/(^|,)=cmd/m);
    expect(mail.text).toContain("and 280 more in the files");
    expect(fileNameOf({ ...report, scope: "Team ../ö\r\n" })).toBe("costs-2026-05-01-2026-05-31-team-o");
  });
});

describe("a scheduled report", () => {
  it("is mailed to each address once, with its files; an address that is refused holds up no other", async () => {
    const { api } = world.owner;
    const { id } = await api.costs.createSchedule({ cadence: "monthly", scope: { type: "team", id: world.vision.teamId }, recipients: ["Finance@Acme.test", "gone@acme.test", "finance@acme.test"] });
    await sendReports({ db: world.db, bus: bus() }, Date.now());
    expect(await rows()).toEqual([]); // it was due before there was a schedule
    await world.sql`update cost_schedules set due_after = ${new Date(lastDue("monthly", now()) - 1)}`;
    for (let repeat = 0; repeat < 2; repeat += 1) await sendReports({ db: world.db, bus: bus() }, now());
    expect(await rows()).toMatchObject([{ recipient: "finance@acme.test", tries: 1, sent: true, open: false, error: null }, { recipient: "gone@acme.test", tries: 1, sent: false, open: true, error: expect.stringContaining("No such mailbox") }]);

    expect(taken.map(({ to }) => to)).toEqual([["finance@acme.test"]]);
    const { mail } = taken[0]!;
    expect(mail.subject).toMatch(/^Statement of \w+ \d{4}, Team vision: \$\d/);
    expect([mail.from?.text, mail.headers.get("auto-submitted")]).toEqual(['"Drover" <drover@acme.test>', "auto-generated"]);
    expect(mail.text).toContain(`http://drover.acme.test:7070/acme/costs/periods/${world.last}`);
    expect(mail.text).toContain("Olga Owner asked for it");
    expect(mail.attachments.map(({ filename, contentType }) => [filename, contentType])).toEqual([[expect.stringMatching(/-team-vision\.pdf$/), "application/pdf"], [expect.stringMatching(/-team-vision\.csv$/), "text/csv"]]);
    expect((await pdfText(mail.attachments[0]!.content)).text).toContain("Team vision");
    const csv = mail.attachments[1]!.content.toString().trim().split("\r\n");
    expect(csv[0]).toBe("from,to,team,project,amount,exact_amount,currency");
    expect(csv).toHaveLength(2);

    const view = await api.costs.schedules();
    expect(view.schedules).toMatchObject([{ id, recipients: ["finance@acme.test", "gone@acme.test"], scope: { label: "vision" }, lastSentAt: expect.any(Date) }]);
    expect(view.deliveries.map(({ recipient, state }) => [recipient, state])).toEqual([["gone@acme.test", "waiting"], ["finance@acme.test", "sent"]]);
  });

  it("shows its amounts in another currency as well, in its text, its PDF and its file, and names the rate", async () => {
    const { api } = world.owner;
    const { id, recipients } = (await api.costs.schedules()).schedules[0]!;
    await expect(api.costs.changeSchedule({ id, recipients, currency: "CHF" })).rejects.toThrow("There is no rate of CHF");
    await api.costs.addRate({ currency: "CHF", validFrom: "2020-01-01", rate: "1.25" });
    await api.costs.changeSchedule({ id, recipients, currency: "CHF" });
    expect((await api.costs.schedules()).schedules).toMatchObject([{ id, currency: "CHF" }]);
    await world.sql`delete from cost_deliveries`;
    taken.length = 0;
    await sendReports({ db: world.db, bus: bus() }, now());
    const { mail } = taken[0]!;
    expect(mail.subject).toMatch(/: \$\d/); // what is owed stays what the books say
    expect(mail.text).toMatch(/In CHF: [\d,.]+ CHF\. 1 CHF is 1\.25 USD, the rate since 1 Jan 2020\. The books are kept in USD\./);
    expect((await pdfText(mail.attachments[0]!.content)).text).toContain("In CHF");
    const [head, line] = mail.attachments[1]!.content.toString().trim().split("\r\n");
    expect([head, line]).toEqual([expect.stringMatching(/,currency,shown_amount,shown_currency,exchange_rate,rate_since$/), expect.stringMatching(/,USD,[\d.]+,CHF,1\.25,2020-01-01$/)]);
    await api.costs.changeSchedule({ id, recipients });
  });

  it("is given up after its tries, and a worker that died over it sends the same mail again", async () => {
    for (let tries = 1; tries < DELIVERY_TRIES; tries += 1) {
      await due();
      await sendReports({ db: world.db, bus: bus() }, now());
    }
    expect((await rows()).find(({ recipient }) => recipient === "gone@acme.test")).toMatchObject({ tries: DELIVERY_TRIES, sent: false, open: false });
    taken.length = 0;
    await world.sql`delete from cost_deliveries`;
    await sendReports({ db: world.db, bus: bus() }, now());
    await world.sql`update cost_deliveries set sent_at = null, next_at = now() - interval '1 second' where recipient = 'finance@acme.test'`; // as if it had died before it wrote it down
    await sendReports({ db: world.db, bus: bus() }, now());
    const ids = taken.map(({ mail }) => mail.messageId);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  it("of a week names the week before; while paused nothing goes; sent at once it goes whatever the day", async () => {
    const { api } = world.owner;
    const [monthly] = (await api.costs.schedules()).schedules;
    await api.costs.pauseSchedule({ id: monthly!.id, paused: true });
    const { id } = await api.costs.createSchedule({ cadence: "weekly", scope: { type: "org", id: "org" }, recipients: ["lead@acme.test"] });
    taken.length = 0;
    await world.sql`delete from cost_deliveries`;
    await sendReports({ db: world.db, bus: bus() }, now());
    expect(taken).toEqual([]);
    await api.costs.sendSchedule({ id });
    await sendReports({ db: world.db, bus: bus() }, Date.now());
    expect(taken).toHaveLength(1);
    expect(taken[0]!.mail.subject).toMatch(/^Costs of the week from \d+ \w+ \d{4}, acme: \$/);
    expect(taken[0]!.mail.text).toMatch(/seven days before/);
    await api.costs.changeSchedule({ id, recipients: ["boss@acme.test"] });
    await api.costs.deleteSchedule({ id });
    expect(await rows()).toEqual([]);
    const actions = (await world.sql<{ action: string }[]>`select action from audit_log where action like 'schedule.%' order by id`).map(({ action }) => action);
    expect(actions).toEqual(["schedule.create", "schedule.change", "schedule.change", "schedule.change", "schedule.create", "schedule.send", "schedule.change", "schedule.delete"]);
  });

  it("goes to a webhook too, signed, and again under the same id when it was not taken", async () => {
    const got: { headers: Record<string, unknown>; body: string }[] = [];
    let status = 500;
    const receiver = createServer((request, response) => {
      let body = "";
      request.on("data", (part: Buffer) => (body += part.toString()));
      request.on("end", () => {
        got.push({ headers: request.headers, body });
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/costs`;
    const { api } = world.owner;
    await world.sql`delete from cost_deliveries`;
    const { id } = await api.costs.createSchedule({ cadence: "monthly", scope: { type: "org", id: "org" }, recipients: [url] });
    await api.costs.sendSchedule({ id });
    for (status of [500, 204]) {
      await due();
      await sendReports({ db: world.db, bus: bus() }, Date.now());
    }
    receiver.close();
    expect(await rows()).toMatchObject([{ recipient: url, tries: 2, sent: true, error: null }]);
    expect(new Set(got.map(({ headers }) => headers["x-mlflow-delivery-id"])).size).toBe(1);
    const { headers, body } = got[1]!;
    expect(JSON.parse(body)).toMatchObject({ entity: "cost_report", action: "sent", data: { organization: "acme", currency: "USD", rows: expect.any(Array), total: expect.any(String), link: expect.stringContaining("/acme/costs/periods/") } });
    const { secret } = await api.costs.scheduleSecret({ id });
    expect(headers["x-mlflow-signature"]).toBe(`v1,${createHmac("sha256", secret).update(`${headers["x-mlflow-delivery-id"] as string}.${headers["x-mlflow-timestamp"] as string}.${body}`).digest("base64")}`);
    await expect(api.costs.createSchedule({ cadence: "monthly", scope: { type: "org", id: "org" }, recipients: ["https://me:pass@host/"] })).rejects.toThrow("must not carry a user or a password");
    await api.costs.deleteSchedule({ id });
  });

  it("refuses addresses that are none, teams that are not here, and people who do not look after money", async () => {
    const { api } = world.owner;
    const create = (over: Record<string, unknown>) => api.costs.createSchedule({ cadence: "monthly", scope: { type: "org", id: "org" }, recipients: ["a@b.test"], ...over } as never);
    await expect(create({ recipients: ["not an address"] })).rejects.toThrow(/Write it as name@example\.com/);
    await expect(create({ recipients: [] })).rejects.toThrow(/Name at least one address/);
    await expect(create({ recipients: ["a@b.test\r\nBcc: c@d.test"] })).rejects.toThrow(/Write it as/);
    await expect(create({ scope: { type: "team", id: "team_01920000-0000-7000-8000-000000000000" } })).rejects.toThrow(/no such team here/);
    const lead = await world.makeUser(world.org.id, world.org.slug, "Lea Lead", [["team_lead", "team", world.vision.teamId]]);
    await expect(lead.api.costs.schedules()).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("waits with its reason where this server was told of no SMTP server, and says so on the page", async () => {
    delete process.env.DROVER_SMTP;
    vi.resetModules();
    const { canMail, sendMail } = await import("../mail.ts");
    expect(canMail()).toBe(false);
    await expect(sendMail({ to: "a@b.test", subject: "x", text: "y" })).rejects.toThrow("its DROVER_SMTP is not set");
  });
});
