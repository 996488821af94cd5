import { spawn } from "node:child_process";
import { join } from "node:path";
import { connect } from "../../db/client.ts";
import { ROOT } from "../root.ts";
import { say } from "../say.ts";
import { agentEnv, agentHasState, localUrl, type Stack } from "./stack.ts";

const POLL_MS = 1_000;

/**
 * Keeps this machine connected as the cluster "This machine": waits for the first organization, enrols the agent once with
 * a code of its own, then runs it. Resolves when the agent runs; aborting ends the waiting.
 */
export async function connectThisMachine(stack: Stack, signal: AbortSignal): Promise<void> {
  const { localEnrolmentCode } = await import("../../server/clusters/local.ts");
  const clients = connect(stack.database.url, { max: 1, rawMax: 1 });
  try {
    while (!signal.aborted) {
      const answer = await localEnrolmentCode(clients.db).catch(() => "no-org" as const); // the database may be restarting
      if (answer === "enrolled" && agentHasState(stack.state)) break;
      if (answer === "enrolled") {
        say.warn("this machine's agent has lost its identity: open the cluster This machine, Agent, and ask for a new enrolment command");
        return;
      }
      if (answer !== "no-org" && (await enrol(stack, answer.code))) break;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  } finally {
    await clients.close();
  }
  if (signal.aborted) return;
  stack.agent.start();
  say.done("the agent of this machine runs");
}

async function enrol(stack: Stack, code: string): Promise<boolean> {
  const program = stack.options.dev ? ["--import", "tsx", join(ROOT, "agent/main.ts")] : [join(ROOT, "dist/agent.mjs")];
  const child = spawn(process.execPath, [...program, "enrol", "--url", localUrl(stack.options), "--code", code], { cwd: ROOT, env: agentEnv(stack.state), stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const exit = await new Promise<number | null>((resolve) => child.once("close", resolve).once("error", () => resolve(1)));
  if (exit !== 0) say.warn(`this machine could not be enrolled: ${said.trim().split("\n").at(-1) ?? ""}`);
  return exit === 0;
}
