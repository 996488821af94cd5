import { Worker } from "node:worker_threads";
import { type FromThread, listParts, type ToThread } from "./messages.ts";
import type { Asked, Kind, Task, TaskOf } from "./reductions.ts";
import type { Feed } from "./reduce.ts";

/** The bundle lies beside the server's; from source both are where they are written. */
const PROGRAM = import.meta.url.endsWith(".mjs") ? "./reducer.mjs" : "./thread.ts";

interface Waiting {
  resolve: (answer: Asked[Kind]["answer"] | undefined) => void;
  reject: (error: Error) => void;
}

/** One thread, started when it is first needed and again should it die; its reductions end with it. */
class Thread {
  #worker: Worker | null = null;
  /** By reduction: who waits for the answers, the longest first. */
  readonly #waiting = new Map<number, Waiting[]>();
  open = 0;

  ask(message: ToThread): Promise<Asked[Kind]["answer"] | undefined> {
    const worker = (this.#worker ??= this.#start());
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(message.id) ?? [];
      waiting.push({ resolve, reject });
      this.#waiting.set(message.id, waiting);
      worker.postMessage(message, []);
    });
  }

  drop(id: number): void {
    this.#waiting.delete(id);
    this.#worker?.postMessage({ id, does: "drop" } satisfies ToThread);
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL(PROGRAM, import.meta.url));
    worker.unref();
    worker.on("message", (message: FromThread) => {
      const waiting = this.#waiting.get(message.id)?.shift();
      if ("failed" in message) waiting?.reject(new Error(`A chart could not be reduced: ${message.failed}`));
      else waiting?.resolve(message.answer);
    });
    const gone = (error: Error) => {
      if (this.#worker === worker) this.#worker = null;
      const left = [...this.#waiting.values()].flat();
      this.#waiting.clear();
      for (const { reject } of left) reject(error);
    };
    worker.on("error", gone);
    worker.on("exit", () => gone(new Error("The thread that reduced a chart ended.")));
    return worker;
  }
}

/** Threads that unpack and reduce what charts show, beside the event loop that answers everybody. */
export class ReducerPool {
  readonly #threads: Thread[];
  #last = 0;

  constructor(size: number) {
    this.#threads = Array.from({ length: size }, () => new Thread());
  }

  /** All of one chart in one thread: the one with the fewest. */
  async reduce<K extends Kind>(task: TaskOf<K>, feed: Feed): Promise<Asked[K]["answer"]> {
    const thread = this.#threads.reduce((least, one) => (one.open < least.open ? one : least));
    const id = (this.#last += 1);
    thread.open += 1;
    try {
      // Never waited for at once: the next part is read from the database while this one is reduced.
      let before = thread.ask({ id, does: "begin", task: task as Task });
      before.catch(() => {}); // told where it is waited for
      await feed(async (parts) => {
        await before;
        before = thread.ask({ id, does: "add", parts: listParts(parts) });
        before.catch(() => {});
      });
      await before;
      return (await thread.ask({ id, does: "finish" })) as Asked[K]["answer"];
    } finally {
      thread.open -= 1;
      thread.drop(id);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}
