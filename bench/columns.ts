import type { Target } from "./targets.ts";

/** Sends points by Drover's own route, which takes columns. @param series What the header says of each. @param columns Their bytes, in that order. */
export async function sendColumns(target: Target, runId: string, series: object[], columns: Buffer): Promise<void> {
  const header = Buffer.from(JSON.stringify({ run_id: runId, series }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const answer = await fetch(`${target.root}/drover/points`, { method: "POST", headers: target.headers, body: Buffer.concat([Buffer.from("DRP1"), length, header, columns]) });
  if (!answer.ok) throw new Error(`${target.name} answered ${answer.status}: ${await answer.text()}`);
}

const START = 1_700_000_000_000;

/** A loss as float32 with noise, at a step. */
export const loss = (step: number) => Math.fround(0.1 + 2 * Math.exp(-step / 10_000) * (0.95 + 0.1 * Math.random()));
/** When a training loop logs a step, with the clock's jitter, Unix ms. */
export const timeOf = (step: number) => START + step * 250 + Math.floor(Math.random() * 20);

/** `count` steps of a training loop from `from` on: their times and values as the route takes them; the steps stand in the header. */
export function lossColumns(from: number, count: number): Buffer {
  const steps = Array.from({ length: count }, (_, at) => from + at);
  return Buffer.concat([Buffer.from(BigInt64Array.from(steps, (step) => BigInt(timeOf(step))).buffer), Buffer.from(Float32Array.from(steps, loss).buffer)]);
}
export const lossHeader = (key: string, from: number, count: number) => ({ key, points: count, steps: { from, by: 1 }, values: "float32" });
