import { Command, CommanderError } from "commander";
import { knownUrl } from "./config.ts";
import { cliEnv } from "./env.ts";
import { CliError, EXIT, toCliError } from "./errors.ts";
import { complain, say } from "./output.ts";
import { clustersCommand } from "./verbs/clusters.ts";
import { completionCommand } from "./verbs/completion.ts";
import { importCommand } from "./verbs/import.ts";
import { loginCommand, whoamiCommand } from "./verbs/login.ts";
import { logsCommand } from "./verbs/logs.ts";
import { runCommand } from "./verbs/run.ts";
import { cancelCommand, retryCommand, runsCommand } from "./verbs/runs.ts";
import { secretsCommand } from "./verbs/secrets.ts";
import { shellCommand } from "./verbs/shell.ts";
import { showCommand } from "./verbs/show.ts";
import { tokenCommand } from "./verbs/token.ts";

const HELP = `
Environment
  DROVER_URL, DROVER_TOKEN   server and token, before what \`drover login\` stored
  NO_COLOR                   no colours

Exit codes
  0 done · 1 the run failed, or the server refused · 2 wrong usage · 3 not signed in · 4 not found · 5 the server cannot be reached
  With --follow: that of the run's process.`;

/** @param command What stood after `--`. */
function programFor(command: string[]): Command {
  const program = new Command("drover").description("The command line of Drover, the control plane of GPU clusters").version(cliEnv().version, "-V, --version").addHelpText("after", HELP);
  for (const verb of [loginCommand(), whoamiCommand(), runCommand(command), runsCommand(), showCommand(), logsCommand(), shellCommand(), cancelCommand(), retryCommand(), clustersCommand(), secretsCommand(), tokenCommand(), importCommand()]) program.addCommand(verb);
  program.addCommand(completionCommand(program));
  program.command("version").description("Print the version").action(() => say(cliEnv().version));
  quiet(program);
  return program;
}

/** Errors are told by us, in one way. */
function quiet(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => {} }).showSuggestionAfterError();
  for (const inner of command.commands) quiet(inner);
}

async function main(argv: string[]): Promise<void> {
  const dashes = argv.indexOf("--");
  const [before, command] = dashes < 0 ? [argv, []] : [argv.slice(0, dashes), argv.slice(dashes + 1)];
  const program = programFor(command);
  try {
    if (before.length === 0) return program.outputHelp();
    await program.parseAsync(before, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return; // --help, --version
    const told = toCliError(error, safeUrl());
    const isUsage = error instanceof CommanderError;
    if (!isUsage || error.message !== "(outputHelp)") complain(told);
    process.exitCode = told.exitCode;
  }
}

function safeUrl(): string | null {
  try {
    return knownUrl();
  } catch {
    return null;
  }
}

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(EXIT.ok); // `drover logs … | head`
  complain(new CliError(`The output cannot be written: ${error.message}`));
  process.exit(EXIT.failed);
});
process.stderr.on("error", () => {}); // who does not read what is wrong learns it from the exit code
// By way of `exit`, which removes what was packed.
for (const [signal, code] of [["SIGINT", EXIT.interrupted], ["SIGTERM", 143], ["SIGHUP", 129]] as const) process.once(signal, () => process.exit(code));
await main(process.argv.slice(2));
