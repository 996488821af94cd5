import { Command } from "commander";
import { type Api, connectApi } from "../api.ts";
import { CliError, EXIT } from "../errors.ts";
import { ago, note, paint, printJson, table } from "../output.ts";
import { ask, readStdin } from "../prompt.ts";

interface Options {
  project: string;
  json?: boolean;
  valueStdin?: boolean;
}

export function secretsCommand(): Command {
  const secrets = new Command("secrets").description("Secrets of a project: runs name them and get them as variables; nobody reads them back");
  const verb = (name: string) => secrets.command(name).requiredOption("--project <slug>", "whose secrets");
  verb("list").description("Names, who set them, and the last run that got them").option("--json", "machine-readable").action(list);
  verb("set").description("Make a secret, or replace its value; asks for it").argument("<name>", "as the variable is called, such as HF_TOKEN").option("--value-stdin", "read the value from standard input, without its last line end").action(set);
  verb("delete").description("Delete a secret; runs that name it no longer start").argument("<name>").action(remove);
  return secrets;
}

async function projectId({ trpc }: Api, slug: string): Promise<string> {
  const { projects } = await trpc.access.viewer.query();
  const found = projects.find((one) => one.slug === slug);
  if (!found) throw new CliError(`There is no project ${slug} that you may see.`, { exitCode: EXIT.notFound });
  return found.id;
}

async function list({ project, json }: Options): Promise<void> {
  const api = connectApi();
  const rows = await api.trpc.access.secrets.query({ projectId: await projectId(api, project) });
  if (json) return printJson(rows);
  const now = Date.now();
  table([{ head: "NAME" }, { head: "SET" }, { head: "BY" }, { head: "USED" }, { head: "BY RUN" }], rows.map((one) => [one.name, ago(one.setAt, now), one.setBy, ago(one.lastUsedAt, now) || "never", one.lastUsedRun ?? ""]), `No secrets. Set one: drover secrets set NAME --project ${project}`);
}

async function set(name: string, { project, valueStdin }: Options): Promise<void> {
  const api = connectApi();
  const id = await projectId(api, project);
  const value = valueStdin ? (await readStdin()).replace(/\r?\n$/, "") : await ask(`Value of ${name}:`, { hidden: true, instead: "Pass --value-stdin and pipe it in." });
  const { replaced } = await api.trpc.access.setSecret.mutate({ projectId: id, name, value });
  note(`${paint("green", "✓")} ${name} is ${replaced ? "replaced: attempts that start from now on get the new value" : "set"}.`);
}

async function remove(name: string, { project }: Options): Promise<void> {
  const api = connectApi();
  await api.trpc.access.deleteSecret.mutate({ projectId: await projectId(api, project), name });
  note(`${paint("green", "✓")} ${name} is deleted.`);
}
