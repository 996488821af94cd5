import { expect, test } from "vitest";
import { Backoff, Outage } from "../backoff.ts";
import { Unreachable } from "../identity/refusals.ts";
import { forever } from "./loop.ts";

/** Longer than a test may take. */
const LONG_MS = 600_000;
const patient = () => new Backoff(LONG_MS, LONG_MS, () => 1);

/** A loop that fails as long as the server is away, and ends once it got through. */
function loopOf(name: string, server: { away: boolean }, outage: Outage, backoff: Backoff) {
  const stop = new AbortController();
  let failed = () => {};
  const hasFailed = new Promise<void>((resolve) => (failed = resolve));
  const run = forever(name, stop.signal, async () => {
    if (!server.away) return stop.abort();
    failed();
    throw new Unreachable("away");
  }, outage, backoff);
  return { run, hasFailed, stop: () => stop.abort() };
}

test("the loop that first gets through after an outage ends the waits of the others", async () => {
  const server = { away: true };
  const outage = new Outage();
  const waiting = ["logs", "metrics"].map((name) => loopOf(name, server, outage, patient()));
  await Promise.all(waiting.map(({ hasFailed }) => hasFailed));
  const first = loopOf("sync", server, outage, new Backoff(1, 1));
  await first.hasFailed;
  server.away = false;
  await Promise.all([first, ...waiting].map(({ run }) => run));
});

test("a loop that never failed ends nobody's wait: another may fail for a reason of its own", async () => {
  const outage = new Outage();
  const server = { away: true };
  const waiting = loopOf("logs", server, outage, patient());
  await waiting.hasFailed;
  await loopOf("sync", { away: false }, outage, patient()).run;
  server.away = false;
  let ended = false;
  const end = waiting.run.then(() => (ended = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(ended).toBe(false);
  waiting.stop();
  await end;
});
