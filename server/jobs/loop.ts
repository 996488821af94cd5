import { log } from "../log.ts";

export interface Loop {
  /** Run again soon; many calls at once make one pass. */
  wake: () => void;
  /** Resolves when the pass in progress is over. */
  stop: () => Promise<void>;
}

/**
 * Runs `pass` again and again, never twice at a time: when woken, or after `everyMs`. A pass that fails is logged and the
 * next one comes as usual: whatever it should have done is still to be seen in the database.
 */
export function startLoop(name: string, everyMs: number, pass: () => Promise<void>): Loop {
  const state = { stopped: false };
  let woken = false;
  let interrupt = () => {};
  async function run(): Promise<void> {
    while (!state.stopped) {
      woken = false;
      try {
        await pass();
      } catch (err) {
        log().error({ err, loop: name }, "a pass failed; the next one tries again");
        await pause(Math.min(1000, everyMs));
      }
      if (!woken && !state.stopped) await pause(everyMs);
    }
  }
  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      interrupt = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const running = run();
  return {
    wake: () => {
      woken = true;
      interrupt();
    },
    stop: () => {
      state.stopped = true;
      interrupt();
      return running;
    },
  };
}
