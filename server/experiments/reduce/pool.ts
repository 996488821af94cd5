import { Worker } from "node:worker_threads";
import type { Statement } from "../../../db/statement.ts";
import type { Reading } from "./readings.ts";
import type { Answers, Kind, Task, TaskOf } from "./reductions.ts";

/** The bundle lies beside the server's; from source both are where they are written. */
const PROGRAM = import.meta.url.endsWith(".mjs") ? "./reducer.mjs" : "./thread.ts";

/** To a thread: one chart, read in the name of one organization. */
export interface ToThread {
  id: number;
  task: Task;
  orgId: string;
  readings: Reading<Statement>[];
}
/** Back from it, in whatever order they are done. */
export type FromThread = { id: number } & ({ answer: Answers[Kind] } | { failed: string });

interface Waiting {
  resolve: (answer: Answers[Kind]) => void;
  reject: (error: Error) => void;
}

/** One thread, started when it is first needed and again should it die; its reductions end with it. */
class Thread {
  #worker: Worker | null = null;
  readonly #databaseUrl: string;
  readonly #waiting = new Map<number, Waiting>();

  constructor(databaseUrl: string) {
    this.#databaseUrl = databaseUrl;
  }

  get open(): number {
    return this.#waiting.size;
  }

  ask(message: ToThread): Promise<Answers[Kind]> {
    const worker = (this.#worker ??= this.#start());
    return new Promise((resolve, reject) => {
      this.#waiting.set(message.id, { resolve, reject });
      worker.postMessage(message, []);
    });
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL(PROGRAM, import.meta.url), { workerData: { databaseUrl: this.#databaseUrl } });
    worker.unref();
    worker.on("message", (message: FromThread) => {
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if ("failed" in message) waiting?.reject(new Error(`A chart could not be reduced: ${message.failed}`));
      else waiting?.resolve(message.answer);
    });
    const gone = (error: Error) => {
      if (this.#worker !== worker) return;
      this.#worker = null;
      const left = [...this.#waiting.values()];
      this.#waiting.clear();
      for (const { reject } of left) reject(error);
    };
    worker.on("error", gone);
    worker.on("exit", () => gone(new Error("The thread that reduced a chart ended.")));
    return worker;
  }
}

/** Threads that read, unpack and reduce what charts show, beside the event loop that answers everybody. */
export class ReducerPool {
  readonly #threads: Thread[];
  #last = 0;

  constructor(size: number, databaseUrl: string) {
    this.#threads = Array.from({ length: size }, () => new Thread(databaseUrl));
  }

  /** All of one chart in one thread: the one with the fewest. */
  async reduce<K extends Kind>(task: TaskOf<K>, orgId: string, readings: Reading<Statement>[]): Promise<Answers[K]> {
    const thread = this.#threads.reduce((least, one) => (one.open < least.open ? one : least));
    const id = (this.#last += 1);
    return (await thread.ask({ id, task: task as Task, orgId, readings })) as Answers[K];
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}
