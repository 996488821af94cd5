import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DAY_MS } from "../../domain/costs/days.ts";
import { spanOf } from "../../domain/costs/period.ts";
import { bus } from "../bus.ts";
import { sendReports } from "./jobs/send-reports.ts";
import { type MeteredWorld, meteredWorld } from "./testing.ts";

let world: MeteredWorld;
/** What a receiver does with a delivery, by its place; it answers with this status. */
let answer: (at: number) => Promise<number> = async () => 204;
const got: string[] = [];
const receiver = createServer((request, response) => {
  got.push(String(request.headers["x-mlflow-delivery-id"]));
  request.resume();
  void answer(got.length).then((status) => response.writeHead(status).end());
});
let url = "";
beforeAll(async () => {
  Object.assign(process.env, { DROVER_WEBHOOK_HOSTS: "127.0.0.1", DROVER_SECRET: "s".repeat(32) });
  world = await meteredWorld();
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
});
afterAll(async () => {
  receiver.close();
  await world.close();
});
beforeEach(async () => {
  got.length = 0;
  await world.sql`delete from cost_schedules`;
});

const send = () => sendReports({ db: world.db, bus: bus() }, Date.now());
const due = () => world.sql`update cost_deliveries set next_at = now() - interval '1 second' where next_at is not null`;
const rows = async () => [...(await world.sql<{ sent: boolean; open: boolean; tries: number }[]>`select sent_at is not null as sent, next_at is not null as open, tries from cost_deliveries order by id`)];
const schedule = async (...recipients: string[]) => (await world.owner.api.costs.createSchedule({ cadence: "monthly", scope: { type: "org", id: "org" }, recipients })).id;

describe("a delivery", () => {
  it("that took longer than its lease is judged by who took it up since: what was sent is not sent again", async () => {
    await world.owner.api.costs.sendSchedule({ id: await schedule(url) });
    answer = async (at) => {
      if (at > 1) return 204;
      await due(); // its lease runs off while this receiver takes its time
      await send(); // another worker takes it up
      return 500;
    };
    await send();
    expect(await rows()).toEqual([{ sent: true, open: false, tries: 2 }]);
    await due();
    await send();
    expect(got).toHaveLength(2);
  });

  it("holds up no other's lease: each is taken up when it is its turn", async () => {
    await world.owner.api.costs.sendSchedule({ id: await schedule(`${url}/a`, `${url}/b`, `${url}/c`) });
    const waiting: number[] = [];
    answer = async () => {
      const [row] = await world.sql<{ n: number }[]>`select count(*)::int as n from cost_deliveries where tries = 0`;
      waiting.push(row!.n);
      return 204;
    };
    await send();
    expect(waiting).toEqual([2, 1, 0]);
    expect(new Set(got).size).toBe(3);
  });

  it("does not go to who was taken off the schedule while it waited", async () => {
    answer = async () => 500;
    const id = await schedule(`${url}/kept`, `${url}/gone`);
    await world.owner.api.costs.sendSchedule({ id });
    await send();
    answer = async () => 204;
    await world.owner.api.costs.changeSchedule({ id, recipients: [`${url}/kept`] });
    await due();
    got.length = 0;
    await send();
    expect(got).toHaveLength(1);
    expect(await rows()).toMatchObject([{ sent: true }]);
  });

  it("of what was sent before somebody was added does not go to them: theirs is the next one", async () => {
    answer = async () => 204;
    const id = await schedule(`${url}/first`);
    const third = spanOf(world.last).to + 2 * DAY_MS;
    await world.sql`update cost_schedules set due_after = ${new Date(third - 30 * DAY_MS)}`;
    const at = (now: number) => sendReports({ db: world.db, bus: bus() }, now);
    await at(third + DAY_MS);
    await world.owner.api.costs.changeSchedule({ id, recipients: [`${url}/first`, `${url}/second`] });
    await at(third + 14 * DAY_MS);
    expect(got).toHaveLength(1);
    await at(third + 33 * DAY_MS);
    expect(got).toHaveLength(3);
  });

  it("goes to who takes somebody's place before it went", async () => {
    answer = async (n) => (n === 1 ? 500 : 204);
    const id = await schedule(`${url}/first`);
    const third = spanOf(world.last).to + 2 * DAY_MS;
    await world.sql`update cost_schedules set due_after = ${new Date(third - 30 * DAY_MS)}`;
    await sendReports({ db: world.db, bus: bus() }, third + DAY_MS);
    await world.owner.api.costs.changeSchedule({ id, recipients: [`${url}/second`] });
    await sendReports({ db: world.db, bus: bus() }, third + DAY_MS);
    expect(await rows()).toMatchObject([{ sent: true }]);
  });

  it("does not go once its schedule is paused, unless it is sent at once", async () => {
    answer = async () => 500;
    const id = await schedule(url);
    await world.owner.api.costs.sendSchedule({ id });
    await send();
    answer = async () => 204;
    await world.owner.api.costs.pauseSchedule({ id, paused: true });
    await due();
    await send();
    expect([got.length, await rows()]).toEqual([1, []]);
    await world.owner.api.costs.sendSchedule({ id });
    await send();
    expect(await rows()).toMatchObject([{ sent: true }]);
  });
});
