import { afterAll, beforeAll, expect, it } from "vitest";
import { startSmtpServer, type TakenMail } from "../../scripts/test/smtp-server.ts";
import { spanOf } from "../../domain/costs/period.ts";
import { buildApp } from "../app.ts";
import { bus } from "../bus.ts";
import { sendMail } from "../mail.ts";
import { sendReports } from "./jobs/send-reports.ts";
import { type MeteredWorld, meteredWorld } from "./testing.ts";

const HERE = "https://drover.acme.test";
let world: MeteredWorld;
let smtp: Awaited<ReturnType<typeof startSmtpServer>>;
const taken: TakenMail[] = [];
beforeAll(async () => {
  smtp = await startSmtpServer({ onMail: (mail) => taken.push(mail) });
  Object.assign(process.env, { DROVER_SMTP: smtp.url, DROVER_MAIL_FROM: "Drover <drover@acme.test>", DROVER_URL: HERE, DROVER_SECRET: "s".repeat(32) });
  world = await meteredWorld();
});
afterAll(async () => {
  await world.close();
  await smtp.stop();
});

const raw = ({ mail }: TakenMail, name: string) => mail.headerLines.find(({ key }) => key === name)?.line.replace(/\r?\n\s+/g, " ").replace(/^[^:]+: /, "");
/** Sends what is due of a new schedule. Answers the mail of each of its recipients. */
async function mailed(cadence: "monthly" | "weekly", recipients: string[]): Promise<{ id: string; to: (address: string) => TakenMail }> {
  const { id } = await world.owner.api.costs.createSchedule({ cadence, scope: { type: "org", id: "org" }, recipients });
  await world.owner.api.costs.sendSchedule({ id });
  taken.length = 0;
  await sendReports({ db: world.db, bus: bus() }, Date.now());
  const mails = [...taken];
  return { id, to: (address) => mails.find(({ to }) => to[0] === address)! };
}
const linkOf = (mail: TakenMail) => /^<(.+)>$/.exec(raw(mail, "list-unsubscribe")!)![1]!;
const ask = (url: string, init: RequestInit = {}) => buildApp().request(url.replace(HERE, ""), init);
const ONE_CLICK = { method: "POST", body: "List-Unsubscribe=One-Click", headers: { "content-type": "application/x-www-form-urlencoded" } };
const recipientsOf = async (id: string) => (await world.owner.api.costs.schedules()).schedules.find((one) => one.id === id)!.recipients;

it("every mail of a report carries the way out of it: for mail programs in its head, for people in its foot", async () => {
  const { to } = await mailed("monthly", ["finance@acme.test", "boss@acme.test"]);
  const [finance, boss] = [to("finance@acme.test"), to("boss@acme.test")];
  expect(raw(finance, "list-unsubscribe-post")).toBe("List-Unsubscribe=One-Click");
  const link = linkOf(finance);
  expect(link).toMatch(/^https:\/\/drover\.acme\.test\/api\/costs\/unsubscribe\?of=[\w-]+$/);
  expect(link).not.toBe(linkOf(boss));
  expect(link).not.toContain("finance");
  expect(finance.mail.text).toContain(`Stop these mails: ${link}`);
  expect(finance.mail.html).toContain(`<a href="${link}"`);
  expect(new Set([finance, boss].map(({ mail }) => mail.attachments[0]!.checksum)).size).toBe(1); // its files are made once
});

it("says no one-click where Drover has no https address: mail programs would not take it", async () => {
  taken.length = 0;
  await sendMail({ to: "a@b.test", subject: "x", text: "y", unsubscribe: "http://drover.local/stop" });
  expect([raw(taken[0]!, "list-unsubscribe"), raw(taken[0]!, "list-unsubscribe-post")]).toEqual(["<http://drover.local/stop>", undefined]);
});

it("whoever only follows the link, as scanners of mail do, changes nothing, and sees a page with a button", async () => {
  const { id, to } = await mailed("monthly", ["finance@acme.test", "boss@acme.test"]);
  for (const method of ["GET", "HEAD"]) {
    const answer = await ask(linkOf(to("finance@acme.test")), { method });
    expect([answer.status, answer.headers.get("content-type"), answer.headers.get("cache-control"), answer.headers.get("referrer-policy")]).toEqual([200, "text/html; charset=UTF-8", "private, no-store", "no-referrer"]);
    expect(answer.headers.get("content-security-policy")).toMatch(/default-src 'none'.*form-action 'self'.*frame-ancestors 'none'/);
    if (method === "GET") for (const words of ["Statement of the month before", "acme", "finance@acme.test", '<form method="post">', "Stop these mails"]) expect(await answer.clone().text()).toContain(words);
  }
  expect((await ask(linkOf(to("finance@acme.test")), { method: "POST" })).status).toBe(422);
  expect(await recipientsOf(id)).toEqual(["finance@acme.test", "boss@acme.test"]);
});

it("one click takes that address off that report alone, once, and is written down", async () => {
  const other = await mailed("weekly", ["finance@acme.test"]);
  const { id, to } = await mailed("monthly", ["finance@acme.test", "boss@acme.test"]);
  await world.owner.api.costs.sendSchedule({ id });
  for (let repeat = 0; repeat < 2; repeat += 1) {
    const answer = await ask(linkOf(to("finance@acme.test")), ONE_CLICK);
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining("no more of these mails")]);
  }
  expect(await recipientsOf(id)).toEqual(["boss@acme.test"]);
  expect(await recipientsOf(other.id)).toEqual(["finance@acme.test"]);
  taken.length = 0;
  await sendReports({ db: world.db, bus: bus() }, Date.now());
  expect(taken.map(({ to: address }) => address)).toEqual([["boss@acme.test"]]); // what waited for the other is not sent
  expect(await world.sql`select actor_type, actor_name, before ->> 'recipients' as before, after ->> 'recipients' as after from audit_log where action = 'schedule.unsubscribe' and target_id = ${id}`).toMatchObject([{ actor_type: "system", actor_name: "finance@acme.test", before: "finance@acme.test, boss@acme.test", after: "boss@acme.test" }]);
  const page = await (await ask(linkOf(to("finance@acme.test")))).text();
  expect(page).toContain("no more of these mails");
  expect(page).not.toContain("<form");
});

it("a link that was changed, or made with another secret, opens nothing", async () => {
  const { id, to } = await mailed("monthly", ["finance@acme.test"]);
  const link = linkOf(to("finance@acme.test"));
  const changed = link.slice(0, -3) + (link.endsWith("AAA") ? "BBB" : "AAA");
  for (const url of [changed, link.slice(0, -8), `${HERE}/api/costs/unsubscribe`, `${HERE}/api/costs/unsubscribe?of=%00`]) {
    for (const init of [{}, ONE_CLICK]) expect((await ask(url, init)).status).toBe(404);
  }
  expect(await recipientsOf(id)).toEqual(["finance@acme.test"]);
});

it("a report that nobody gets any more is paused, and is neither resumed nor sent before somebody is added", async () => {
  const { api } = world.owner;
  const { id, to } = await mailed("monthly", ["finance@acme.test"]);
  expect((await ask(linkOf(to("finance@acme.test")), ONE_CLICK)).status).toBe(200);
  expect((await api.costs.schedules()).schedules.find((one) => one.id === id)).toMatchObject({ recipients: [], pausedAt: expect.any(Date) });
  for (const act of [() => api.costs.pauseSchedule({ id, paused: false }), () => api.costs.sendSchedule({ id })]) await expect(act()).rejects.toThrow("Nobody gets it");
  await api.costs.changeSchedule({ id, recipients: ["boss@acme.test"] });
  await api.costs.pauseSchedule({ id, paused: false });
  await world.sql`update cost_schedules set due_after = ${new Date(spanOf(world.last).from)} where id = ${id}`;
  taken.length = 0;
  await sendReports({ db: world.db, bus: bus() }, Date.now());
  expect(taken.map(({ to: address }) => address)).toEqual([["boss@acme.test"]]);
});
