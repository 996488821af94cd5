import { Command, InvalidArgumentError, Option } from "commander";
import { RUN_STATUSES, type RunStatus } from "../../domain/experiments/run-status.ts";
import { type Api, connectApi, findRun } from "../api.ts";
import { EXIT, toCliError } from "../errors.ts";
import { ago, complain, note, paint, printJson, say, span, status, table } from "../output.ts";

export function positive(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError("Expected a whole number from 1.");
  return number;
}

interface ListOptions {
  project?: string;
  status?: RunStatus[];
  text?: string;
  mine?: boolean;
  limit: number;
  json?: boolean;
}

export function runsCommand(): Command {
  return new Command("runs")
    .description("List runs, newest first")
    .option("--project <slug>", "of one project")
    .addOption(new Option("--status <status...>", "in these states").choices(RUN_STATUSES))
    .option("--text <text>", "part of the name, or key=value of a parameter or tag")
    .option("--mine", "only those that you submitted")
    .option("-n, --limit <count>", "how many", positive, 20)
    .option("--json", "machine-readable")
    .action(listRuns);
}

async function listRuns({ limit, mine, json, ...filter }: ListOptions): Promise<void> {
  const { trpc } = connectApi();
  const items: Awaited<ReturnType<typeof trpc.experiments.list.query>>["items"] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof trpc.experiments.list.query>> = await trpc.experiments.list.query({ ...filter, ...(mine ? { owner: "me" as const } : {}), limit: Math.min(200, limit - items.length), ...(cursor ? { cursor } : {}) });
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor && items.length < limit);
  if (json) return printJson(items);
  const now = Date.now();
  const columns = [{ head: "NAME" }, { head: "STATUS" }, { head: "PROJECT" }, { head: "CLUSTER" }, { head: "GPUS", right: true }, { head: "OWNER" }, { head: "SUBMITTED" }, { head: "RAN" }, { head: "ID" }];
  const rows = items.map((run) => [
    run.name,
    status(run.status),
    run.project.slug,
    run.cluster?.name ?? "",
    String(run.gpus * run.nodes || ""),
    run.owner.name,
    ago(run.createdAt, now),
    run.startedAt ? span(((run.endedAt?.getTime() ?? now) - run.startedAt.getTime()) / 1000) : "",
    paint("dim", run.id),
  ]);
  table(columns, rows, "No runs. Submit one: drover run FILE");
  if (cursor) note(paint("dim", `the newest ${items.length}; --limit shows more`));
}

/** One after another: what is wrong with one is said, and keeps none of the others, unless no more can be asked. The first wrong one makes the exit code. */
async function each<Row>(names: string[], json: boolean | undefined, act: (api: Api, name: string) => Promise<Row>): Promise<void> {
  const api = connectApi();
  const done: Row[] = [];
  for (const name of names) {
    try {
      done.push(await act(api, name));
    } catch (error) {
      const told = toCliError(error, api.config.url);
      complain(names.length > 1 ? told.of(name) : told);
      process.exitCode ||= told.exitCode;
      if (told.exitCode === EXIT.unreachable || told.exitCode === EXIT.signedOut) break;
    }
  }
  if (json && (done.length > 0 || names.length > 1)) printJson(done);
}

export function cancelCommand(): Command {
  return new Command("cancel")
    .description("Ask runs to stop")
    .argument("<runs...>", "ids or names")
    .option("--reason <text>", "why, for the timeline and the audit log")
    .option("--json", "machine-readable")
    .action((names: string[], { reason, json }: { reason?: string; json?: boolean }) =>
      each(names, json, async (api, name) => {
        const id = await findRun(api, name);
        const { status: now } = await api.trpc.experiments.cancel.mutate({ id, ...(reason ? { reason } : {}) });
        if (!json) say(`${name}: ${status(now)}${now === "cancelling" ? ", until its cluster says that the process is gone" : ""}`);
        return { id, status: now };
      }),
    );
}

export function retryCommand(): Command {
  return new Command("retry")
    .description("Queue ended runs again")
    .argument("<runs...>", "ids or names")
    .option("--json", "machine-readable")
    .action((names: string[], { json }: { json?: boolean }) =>
      each(names, json, async (api, name) => {
        const id = await findRun(api, name);
        await api.trpc.experiments.retry.mutate({ id });
        if (!json) say(`${name}: ${status("queued")}`);
        return { id, status: "queued" };
      }),
    );
}
