import { spawn } from "node:child_process";
import { connect } from "../db/client.ts";
import { paths } from "../paths.ts";
import { ensureBuilt, ensureBundles } from "./build.ts";
import { report, say, since } from "./say.ts";
import { openDatabase } from "./up/database.ts";
import { connectThisMachine } from "./up/enrol.ts";
import { readOptions } from "./up/options.ts";
import { requirePort, Stack } from "./up/stack.ts";
import { State } from "./up/state.ts";

/** `./drover up`: everything on this machine, in the foreground, until Ctrl-C. */
export async function main(args: string[]): Promise<void> {
  const began = performance.now();
  const options = readOptions(args, process.env);
  const state = new State();
  state.prepare();
  await state.take((name) => say.warn(`the ${name} of a launcher that was killed is stopped first`));
  const interruption = new AbortController();
  let stack: Stack | null = null;
  const stopping = onInterrupt(interruption, () => stack?.kill());
  try {
    await requirePort(options); // before the minutes that pages and database may take
    if (options.dev) await ensureBundles(["cli"]);
    else await ensureBuilt();
    if (interruption.signal.aborted) return;
    const database = await openDatabase(state, process.env.DATABASE_URL);
    stack = new Stack(state, options, database);
    if (!interruption.signal.aborted) await stack.start();
    if (!interruption.signal.aborted) await welcome(stack, began);
    const connecting = connectThisMachine(stack, interruption.signal).catch((error: unknown) => report(error));
    await stopping;
    await connecting;
  } finally {
    await shutDown(stack);
    state.release();
  }
}

/** First Ctrl-C: stop in order. Second: at once. */
function onInterrupt(interruption: AbortController, kill: () => void): Promise<void> {
  return new Promise((resolve) => {
    const interrupt = () => {
      if (interruption.signal.aborted) {
        say.warn("killed at once; the database recovers at the next start");
        kill();
        process.exit(130);
      }
      say.plain("");
      say.step("stopping (Ctrl-C again kills at once) …");
      interruption.abort();
      resolve();
    };
    process.on("SIGINT", interrupt).on("SIGTERM", interrupt).on("SIGHUP", interrupt);
  });
}

async function welcome(stack: Stack, began: number): Promise<void> {
  process.env.DATABASE_URL = stack.database.url;
  process.env.DROVER_SECRET ??= stack.state.secret();
  const { ensureSetupLink } = await import("../server/access/setup-link.ts");
  const clients = connect(stack.database.url, { max: 1, rawMax: 1 });
  const token = await ensureSetupLink(clients.db).finally(() => clients.close());
  const link = `${stack.url}${token ? paths.setup(token) : paths.home()}`;
  say.plain("");
  say.plain(`  Drover runs at ${say.strong(stack.url)} (ready in ${since(began)})`);
  if (token) say.plain(`  Make yourself the first owner, once, within a day:\n\n  ${say.strong(link)}`);
  else say.plain(`  Sign in: ${say.strong(`${stack.url}${paths.signIn()}`)}`);
  say.plain("");
  say.dim(`  Ctrl-C stops it; running work ${stack.options.jobs === "keep" ? "goes on and is picked up again at the next start (--stop-jobs stops it)" : "is stopped too (--keep-jobs lets it go on)"}. Logs: ${stack.state.log("*")}`);
  say.plain("");
  if (stack.options.open) openBrowser(link);
}

/** Only where there is a person with a screen. */
function openBrowser(link: string): void {
  const screen = process.platform === "darwin" || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  if (!process.stdout.isTTY || !screen || process.env.CI) return;
  spawn(process.platform === "darwin" ? "open" : "xdg-open", [link], { stdio: "ignore", detached: true })
    .on("error", () => {}) // no browser: the link is printed
    .unref();
}

async function shutDown(stack: Stack | null): Promise<void> {
  if (!stack) return;
  const start = performance.now();
  const agentRan = stack.agent.pid !== null;
  await stack.stop();
  if (agentRan && stack.options.jobs === "keep") say.plain("  Work that was running goes on; ./drover up picks it up again.");
  say.done(`stopped (${since(start)})`);
}
