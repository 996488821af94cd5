import { Command } from "commander";
import { connectApi, findRun, type Outputs } from "../api.ts";
import { ago, bytes, facts, mib, note, paint, printable, printJson, say, span, status, table } from "../output.ts";

export function showCommand(): Command {
  return new Command("show")
    .description("Everything about one run")
    .argument("<run>", "id, or the name of the newest run called so")
    .option("--json", "machine-readable")
    .action(async (idOrName: string, options: { json?: boolean }) => {
      const api = connectApi();
      const run = await api.trpc.experiments.get.query({ id: await findRun(api, idOrName) });
      if (options.json) return printJson(run);
      showRun(run, Date.now());
    });
}

type Run = Outputs["experiments"]["get"];

function showRun(run: Run, now: number): void {
  say(`${paint("bold", printable(run.name))}  ${status(run.status)}  ${paint("dim", run.id)}`);
  sayWhy(run);
  say();
  const pairs = (record: Record<string, string>) => Object.entries(record).map(([key, value]) => `${key}=${value}`).join(" ");
  facts([
    ["project", `${run.project.slug} › ${run.experiment.name}`],
    ["owner", run.owner.name],
    ["command", commandOf(run)],
    ["resources", resourcesOf(run)],
    ["cluster", run.cluster?.name ?? run.spec?.cluster],
    ["submitted", ago(run.createdAt, now)],
    ["ran", run.startedAt ? span(((run.endedAt?.getTime() ?? now) - run.startedAt.getTime()) / 1000) : null],
    ["params", pairs(run.params)],
    ["tags", pairs(run.tags)],
    ["metrics", run.metrics.map(({ key, last }) => `${key}=${Number(last.toPrecision(5))}`).join(" ")],
  ]);
  if (run.attempts.length > 0) showAttempts(run, now);
  if (run.can.cancel.ok) note(paint("dim", `\ndrover logs ${run.id} --follow · drover cancel ${run.id}`));
}

/** Why it waits or ended, with the proof. */
function sayWhy({ pending, statusReason, failureClass, evidence }: Run): void {
  const why = pending?.message ?? statusReason;
  if (why) say(`  ${printable(why)}`);
  if (failureClass) say(`  ${paint("dim", `class ${failureClass}${evidence?.exitCode == null ? "" : `, exit code ${evidence.exitCode}`}${evidence?.signal ? `, signal ${evidence.signal}` : ""}`)}`);
  for (const line of evidence?.lastLines?.slice(-5) ?? []) say(paint("dim", `  │ ${printable(line)}`));
}

function commandOf({ spec }: Run): string | null {
  if (!spec) return null; // a client runs it elsewhere
  const command = typeof spec.command === "string" ? spec.command.trim() : spec.command.join(" ");
  return command.split("\n")[0]! + (command.includes("\n") ? " …" : "");
}

function resourcesOf({ spec }: Run): string | null {
  if (!spec) return null;
  const { nodes, cpus, memory, gpus, gpuModel } = spec.resources;
  return `${nodes > 1 ? `${nodes} × ` : ""}${cpus} ${cpus === 1 ? "core" : "cores"}, ${mib(memory)}${gpus ? `, ${gpus} GPU${gpuModel ? ` ${gpuModel}` : ""}` : ""}`;
}

function showAttempts({ attempts }: Run, now: number): void {
  say();
  table(
    [{ head: "ATTEMPT", right: true }, { head: "STATUS" }, { head: "CLUSTER" }, { head: "NODES" }, { head: "EXIT", right: true }, { head: "STARTED" }, { head: "LOG", right: true }],
    attempts.map((one) => [
      String(one.number),
      status(one.outcome ?? one.status),
      one.cluster.name,
      one.nodeNames.slice(0, 3).join(",") + (one.nodeNames.length > 3 ? "…" : ""),
      one.signal ?? (one.exitCode === null ? "" : String(one.exitCode)),
      ago(one.startedAt ?? one.assignedAt, now),
      bytes(one.log.bytes),
    ]),
    "",
  );
}
