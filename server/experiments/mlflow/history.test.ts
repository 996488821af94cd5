import { afterAll, beforeAll, expect, it } from "vitest";
import { newId } from "../../../db/schema/columns.ts";
import { mlflowServer } from "./testing.ts";

let server: Awaited<ReturnType<typeof mlflowServer>>;
beforeAll(async () => {
  server = await mlflowServer();
});
afterAll(() => server.close());

interface Point {
  step: number;
  time: number;
  value: number;
}

/** A run with these batches of one series. */
async function runWith(batches: Point[][]): Promise<string> {
  const id = (await server.speak().post("runs/create", {})).body.run.info.run_id as string;
  for (const points of batches) {
    const steps = points.map(({ step }) => step);
    await server.sql`
      insert into metric_batches (run_id, key, id, min_step, max_step, steps, times, values)
      values (${id}, 'm', ${newId("metricBatch")}, ${Math.min(...steps)}, ${Math.max(...steps)}, ${steps}::bigint[], ${points.map(({ time }) => time)}::bigint[], ${points.map(({ value }) => value)}::float8[])`;
  }
  return id;
}

const whole = (id: string) => server.app.request(`/mlflow/p/${server.org.project.slug}/api/2.0/mlflow/metrics/get-history?run_id=${id}&metric_key=m`, { headers: { authorization: `Bearer ${server.token}` } });

it("a whole history comes in the order of time, then step, then as stored, whatever its batches have of each other's time", async () => {
  let dice = 7;
  const random = (below: number) => (dice = (dice * 48_271) % 2_147_483_647) % below;
  let value = 0;
  const batches = Array.from({ length: 90 }, (_, at) => Array.from({ length: 1000 }, (): Point => ({ step: at * 10 + random(30), time: (at % 7) * 400 + at * 5 + random(900), value: (value += 1) })));
  const id = await runWith(batches);
  const stored = batches.map((points) => ({ points, least: Math.min(...points.map(({ step }) => step)) })).toSorted((a, b) => a.least - b.least).flatMap(({ points }) => points);
  const expected = stored.toSorted((a, b) => a.time - b.time || a.step - b.step);
  const { metrics } = (await (await whole(id)).json()) as { metrics: { value: number; timestamp: number; step: number }[] };
  expect(metrics.map((point) => point.value)).toEqual(expected.map((point) => point.value));
  expect(metrics[0]).toEqual({ key: "m", value: expected[0]!.value, timestamp: expected[0]!.time, step: expected[0]!.step });
});

it("a long history is told part by part, however long it is", async () => {
  const id = await runWith(Array.from({ length: 60 }, (_, at) => Array.from({ length: 5000 }, (__, point): Point => ({ step: at * 5000 + point, time: 1_700_000_000_000 + at * 5000 + point, value: at }))));
  const [sizes, parts]: [number[], string[]] = [[], []];
  for await (const part of (await whole(id)).body!) {
    sizes.push(part.length);
    parts.push(Buffer.from(part).toString());
  }
  expect(Math.max(...sizes)).toBeLessThan(4_000_000); // of some twenty million bytes
  expect((JSON.parse(parts.join("")) as { metrics: unknown[] }).metrics).toHaveLength(300_000);
});

it("a series whose points all have one step gives no more of them than a page where steps are sampled", async () => {
  const id = await runWith(Array.from({ length: 12 }, (_, at) => Array.from({ length: 5000 }, (__, point): Point => ({ step: 0, time: 60_000 - at * 5000 - point, value: point }))));
  const { metrics } = (await server.speak().get(`metrics/get-history-bulk-interval?run_ids=${id}&metric_key=m&max_results=10`)).body;
  expect(metrics).toHaveLength(25_000);
  expect(metrics.slice(0, 2).map(({ timestamp }: { timestamp: number }) => timestamp)).toEqual([1, 2]);
});
