import { readdir } from "node:fs/promises";
import { Command } from "commander";
import { z } from "zod";
import { runAgent } from "./agent.ts";
import { readJson } from "./disk.ts";
import { agentEnv } from "./env.ts";
import { AttemptRecord } from "./attempts/record.ts";
import { bootId } from "./drivers/processes.ts";
import { enrol } from "./identity/enrol.ts";
import { Identity } from "./identity/identity.ts";
import { lockHolder } from "./lock.ts";
import { reason } from "./log.ts";
import { loadPolicy, writeDefaultPolicy } from "./policy.ts";
import { stateFolder } from "./state.ts";
import { agentVersion } from "./version.ts";

const DriverName = z.enum(["process", "slurm"], { error: "--driver: expected process or slurm." });

/** Exit codes: 0 done · 1 failed · 2 wrong usage · 3 revoked or cloned · 4 another agent took the state folder. */
const program = new Command("drover-agent")
  .description("Connects this machine to a Drover control plane. It dials out; nothing listens.")
  .version(agentVersion())
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

const stateOf = (options: { state?: string }) => stateFolder(options.state ?? agentEnv().DROVER_AGENT_STATE);

program
  .command("enrol")
  .description("Spend a single-use code from the cluster's page")
  .requiredOption("--url <url>", "origin of the Drover server")
  .requiredOption("--code <code>", "the enrolment code")
  .option("--state <folder>", "where the agent keeps its key, journal and spool")
  .action(async (options: { url: string; code: string; state?: string }) => {
    const state = stateOf(options);
    const url = z.url({ protocol: /^https?$/, error: "--url: expected an http or https address." }).parse(options.url);
    const identity = await enrol(state, new URL(url).origin, options.code);
    await writeDefaultPolicy(state);
    console.log(`Enrolled as ${identity.agentId} of cluster "${identity.now.clusterName}". State: ${state.home}`);
    console.log(`Fingerprint ${identity.fingerprint}: the cluster's page must show the same one.`);
    console.log(`What this machine allows is in ${state.policy}. Start the agent with: drover-agent run${options.state ? ` --state ${options.state}` : ""}`);
  });

program
  .command("run")
  .description("Take work until told to end; jobs outlive the agent")
  .option("--state <folder>", "where the agent keeps its key, journal and spool")
  .option("--driver <driver>", "process: this machine · slurm: the Slurm cluster that this host is a client of (default: DROVER_AGENT_DRIVER, else process)")
  .option("--stop-jobs", "on SIGTERM or SIGINT, end the jobs first", false)
  .action(async (options: { state?: string; driver?: string; stopJobs: boolean }) => {
    const state = stateOf(options);
    const driver = options.driver === undefined ? agentEnv().DROVER_AGENT_DRIVER : DriverName.parse(options.driver);
    const identity = await Identity.load(state);
    if (!identity?.now.agentId) throw new Error(`${state.home} holds no enrolled agent. Run \`enrol\` with a code from the cluster's page first.`);
    if (identity.now.ended) throw new Error(`This agent was ${identity.now.ended}. Enrol it again with a new code.`);
    const end = new AbortController();
    for (const name of ["SIGTERM", "SIGINT"] as const) {
      process.on(name, () => (end.signal.aborted ? process.exit(1) : end.abort()));
    }
    process.exitCode = await runAgent({ state, identity, driver, stopJobs: options.stopJobs, signal: end.signal });
    process.exit();
  });

program
  .command("status")
  .description("What this agent is, does and has yet to send")
  .option("--state <folder>", "where the agent keeps its key, journal and spool")
  .action(async (options: { state?: string }) => {
    const state = stateOf(options);
    const identity = await Identity.load(state);
    if (!identity?.now.agentId) return console.log(`Not enrolled. State: ${state.home}`);
    const holder = await lockHolder(state.lock);
    const contact = await readJson(state.contact, z.object({ at: z.number() }));
    console.log(`Agent     ${identity.agentId}${identity.now.ended ? ` (${identity.now.ended})` : ""}`);
    console.log(`Key       ${identity.fingerprint}`);
    console.log(`Cluster   ${identity.now.clusterName} (${identity.now.clusterId})`);
    console.log(`Server    ${identity.now.url}, last heard ${contact.kind === "ok" ? new Date(contact.value.at).toISOString() : "never"}`);
    console.log(`Process   ${holder === null ? "not running" : holder}`);
    await loadPolicy(state).then(() => console.log(`Policy    ${state.policy}`), (error: unknown) => console.log(`Policy    BROKEN: ${reason(error)}`));
    await printAttempts(state);
  });

async function printAttempts(state: ReturnType<typeof stateFolder>): Promise<void> {
  const names = await readdir(state.attempts).catch(() => []);
  if (names.length === 0) console.log("Attempts  none");
  for (const name of names) {
    const record = await AttemptRecord.load(state, name, await bootId()).catch(() => null);
    if (!record) console.log(`Attempt   ${name} (unreadable)`);
    else console.log(`Attempt   ${record.id} ${record.report.state}${record.stop ? ", stopping" : ""}, ${record.spec?.runName ?? "?"}, log sent to ${record.streams.stdout.next}/${record.streams.stderr.next}`);
  }
}

program.parseAsync().catch((error: unknown) => {
  const message = error instanceof z.ZodError ? (error.issues[0]?.message ?? "Bad input.") : reason(error);
  console.error(message);
  process.exit(1);
});
