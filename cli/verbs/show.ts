import { Command } from "commander";
import { connectApi, findRun, type Outputs } from "../api.ts";
import { ago, bytes, facts, mib, note, paint, printJson, say, span, status, table } from "../output.ts";

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
  const { resources } = run.spec;
  say(`${paint("bold", run.name)}  ${status(run.status)}  ${paint("dim", run.id)}`);
  const why = run.pending?.message ?? run.statusReason;
  if (why) say(`  ${why}`);
  const evidence = run.evidence;
  if (run.failureClass) say(`  ${paint("dim", `class ${run.failureClass}${evidence?.exitCode == null ? "" : `, exit code ${evidence.exitCode}`}${evidence?.signal ? `, signal ${evidence.signal}` : ""}`)}`);
  for (const line of evidence?.lastLines?.slice(-5) ?? []) say(paint("dim", `  │ ${line}`));
  say();
  const command = typeof run.spec.command === "string" ? run.spec.command.trim() : run.spec.command.join(" ");
  facts([
    ["project", `${run.project.slug} › ${run.experiment.name}`],
    ["owner", run.owner.name],
    ["command", command.split("\n")[0]! + (command.includes("\n") ? " …" : "")],
    ["resources", `${resources.nodes > 1 ? `${resources.nodes} × ` : ""}${resources.cpus} cores, ${mib(resources.memory)}${resources.gpus ? `, ${resources.gpus} GPU${resources.gpuModel ? ` ${resources.gpuModel}` : ""}` : ""}`],
    ["cluster", run.cluster?.name ?? run.spec.cluster],
    ["submitted", ago(run.createdAt, now)],
    ["ran", run.startedAt ? span(((run.endedAt?.getTime() ?? now) - run.startedAt.getTime()) / 1000) : null],
    ["params", Object.entries(run.params).map(([key, value]) => `${key}=${value}`).join(" ")],
    ["tags", Object.entries(run.tags).map(([key, value]) => `${key}=${value}`).join(" ")],
    ["metrics", run.metrics.map(({ key, last }) => `${key}=${Number(last.toPrecision(5))}`).join(" ")],
  ]);
  if (run.attempts.length === 0) return;
  say();
  table(
    [{ head: "ATTEMPT", right: true }, { head: "STATUS" }, { head: "CLUSTER" }, { head: "NODES" }, { head: "EXIT", right: true }, { head: "STARTED" }, { head: "LOG", right: true }],
    run.attempts.map((one) => [String(one.number), status(one.outcome ?? one.status), one.cluster.name, one.nodeNames.slice(0, 3).join(",") + (one.nodeNames.length > 3 ? "…" : ""), one.signal ?? (one.exitCode === null ? "" : String(one.exitCode)), ago(one.startedAt ?? one.assignedAt, now), bytes(one.log.bytes)]),
    "",
  );
  if (run.can.cancel.ok) note(paint("dim", `\ndrover logs ${run.id} --follow · drover cancel ${run.id}`));
}
