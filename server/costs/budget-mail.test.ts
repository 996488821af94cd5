import { afterAll, beforeAll, expect, it } from "vitest";
import { startSmtpServer, type TakenMail } from "../../scripts/test/smtp-server.ts";
import { bus } from "../bus.ts";
import { type TestWorld, testWorld } from "../experiments/testing.ts";
import { watchBudgets } from "./commands/budget-watch.ts";
import { sendReports } from "./jobs/send-reports.ts";

let world: TestWorld;
const taken: TakenMail[] = [];
let smtp: Awaited<ReturnType<typeof startSmtpServer>>;

beforeAll(async () => {
  smtp = await startSmtpServer({ onMail: (mail) => taken.push(mail) });
  Object.assign(process.env, { DROVER_SMTP: smtp.url, DROVER_MAIL_FROM: "Drover <drover@acme.test>", DROVER_URL: "http://drover.acme.test:7070" });
  world = await testWorld();
});
afterAll(async () => {
  await world.close();
  await smtp.stop();
});

const spend = (projectId: string, amount: string) => world.sql`
  insert into cost_monthly (org_id, month, project_id, owner_id, amount, provisional) values (${world.org.id}, to_char(now() at time zone 'utc', 'YYYY-MM'), ${projectId}, 'usr_ada', ${amount}, 0)
  on conflict (org_id, month, project_id, owner_id) do update set amount = cost_monthly.amount + excluded.amount`;
async function look(): Promise<string[]> {
  taken.length = 0;
  await watchBudgets({ db: world.db, bus: bus() }, [world.org.id], Date.now());
  await sendReports({ db: world.db, bus: bus() }, Date.now());
  return taken.map(({ to, mail }) => `${to.join()}: ${mail.subject?.replace(/ in .*/, "")}`).toSorted();
}
const ask = async (recipient: string, scope: { type: "org" | "project"; id: string }) => (await world.owner.api.costs.createSchedule({ cadence: "budgets", scope, recipients: [recipient] })).id;

it("a level that a budget reaches is mailed once a month to who asked for it, with what is spent and what comes at the limit", async () => {
  const { api } = world.owner;
  await api.costs.createBudget({ name: "Vision", scope: { type: "project", id: world.vision.id }, amount: "100", policy: "block", levels: [50, 80, 100] });
  await api.costs.createBudget({ name: "Speech", scope: { type: "project", id: world.speech.id }, amount: "100", policy: "warn", levels: [50] });
  await spend(world.speech.id, "60");
  expect(await look()).toEqual([]); // nobody asked yet
  await ask("all@acme.test", { type: "org", id: "org" });
  const ofVision = await ask("vision@acme.test", { type: "project", id: world.vision.id });
  expect(await look()).toEqual([]); // reached before somebody asked

  await spend(world.vision.id, "81.25");
  expect(await look()).toEqual(["all", "vision"].flatMap((who) => [50, 80].map((level) => `${who}@acme.test: The budget Vision reached ${level} % of $100.00`)));
  expect(taken[0]!.mail.text).toContain("$81.25 are spent, $0.00 promised to runs that are not over. It is for: project.");
  expect(taken[0]!.mail.text).toContain("At its limit it takes no new runs.");
  expect(taken[0]!.mail.text).toContain("/costs/budgets");
  expect(await look()).toEqual([]);

  await api.costs.changeSchedule({ id: ofVision, recipients: ["vision@acme.test", "late@acme.test"], currency: null });
  expect(await look()).toEqual([]); // who comes later is told of what comes later
  await spend(world.vision.id, "20");
  expect(await look()).toEqual(["all", "late", "vision"].map((who) => `${who}@acme.test: The budget Vision reached 100 % of $100.00`));
  const { deliveries } = await api.costs.schedules();
  expect(deliveries[0]).toMatchObject({ title: expect.stringContaining("The budget Vision reached 100 % of $100.00") as string, state: "sent" });
});

it("what fails for one schedule, of budgets or of reports, holds up nobody else's", async () => {
  const { api } = world.owner;
  const broken = await ask("broken@acme.test", { type: "org", id: "org" });
  await ask("later@acme.test", { type: "org", id: "org" });
  const weekly = async (recipient: string) => (await api.costs.createSchedule({ cadence: "weekly", scope: { type: "org", id: "org" }, recipients: [recipient] })).id;
  const brokenWeek = await weekly("broken@acme.test");
  await weekly("week@acme.test");
  await world.sql`update cost_schedules set due_after = now() - interval '8 days' where cadence = 'weekly'`;
  await world.sql`update cost_schedules set recipients = array(select string_agg(md5(part::text), '') from generate_series(1, 300) part) where id = any(${[broken, brokenWeek]}::text[])`; // longer than an index takes
  await spend(world.speech.id, "-100");
  await api.costs.createBudget({ name: "Both", scope: { type: "org", id: "org" }, amount: "50", policy: "warn", levels: [50] });
  const told = await look();
  expect(told).toContain("later@acme.test: The budget Both reached 50 % of $50.00");
  expect(told.some((one) => one.startsWith("week@acme.test: "))).toBe(true);
});
