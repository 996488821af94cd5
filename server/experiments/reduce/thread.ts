import { parentPort } from "node:worker_threads";
import { type FromThread, type ToThread, unlistParts } from "./messages.ts";
import { type Reduction, reductionOf } from "./reductions.ts";

// One thread of the pool (pool.ts): unpacks and reduces. Several reductions may be open at once; what is asked is done in order.

const open = new Map<number, Reduction>();

function handle(message: ToThread): FromThread | null {
  const { id } = message;
  if (message.does === "drop") {
    open.delete(id);
    return null;
  }
  if (message.does === "begin") open.set(id, reductionOf(message.task));
  const reduction = open.get(id);
  if (!reduction) throw new Error("The thread that reduced a chart ended."); // and this one took its place meanwhile
  if (message.does === "add") for (const part of unlistParts(message.parts)) reduction.add(part);
  return message.does === "finish" ? { id, answer: reduction.finish() } : { id };
}

parentPort!.on("message", (message: ToThread) => {
  let answer: FromThread | null;
  try {
    answer = handle(message);
  } catch (error) {
    answer = { id: message.id, failed: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  if (answer) parentPort!.postMessage(answer, []);
});
