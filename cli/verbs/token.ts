import { Command } from "commander";
import { PERMISSION_NAMES, type Permission } from "../../domain/access/permissions.ts";
import { grantableToOwn } from "../../domain/access/token-rights.ts";
import { connectApi } from "../api.ts";
import { knownUrl } from "../config.ts";
import { CliError, EXIT, usage } from "../errors.ts";
import { ago, note, paint, printJson, say, status, table } from "../output.ts";
import { inSession } from "./login.ts";
import { positive } from "./runs.ts";

export function tokenCommand(): Command {
  const token = new Command("token").description("Your personal API tokens");
  token.command("list").description("List your tokens").option("--json", "machine-readable").action(listTokens);
  token
    .command("create")
    .description("Make a token; it is shown once. Asks for your password: a token cannot make tokens")
    .argument("<name>", "what it is for")
    .option("--permissions <names...>", "what it may do, such as runs:read runs:submit; everything that you may otherwise")
    .option("--project <slug>", "only in this project")
    .option("--days <count>", "how long it lives", positive, 90)
    .option("--email <address>", "sign in as")
    .option("--password-stdin", "read the password from standard input")
    .option("--org <slug>", "in which organization")
    .option("--json", "machine-readable")
    .action(createToken);
  token.command("revoke").description("Revoke a token at once").argument("<id>", "tok_…, or the token's name").option("--json", "machine-readable").action(revokeToken);
  return token;
}

async function listTokens({ json }: { json?: boolean }): Promise<void> {
  const { trpc } = connectApi();
  const { items } = await trpc.access.myTokens.query({ limit: 200 });
  if (json) return printJson(items);
  const now = Date.now();
  const rows = items.map((one) => [one.name, status(one.state), one.project?.slug ?? "any", ago(one.lastUsedAt, now) || "never", one.expiresAt.toISOString().slice(0, 10), one.masked, paint("dim", one.id)]);
  table([{ head: "NAME" }, { head: "STATE" }, { head: "PROJECT" }, { head: "USED" }, { head: "EXPIRES" }, { head: "TOKEN" }, { head: "ID" }], rows, "No tokens.");
}

interface CreateOptions {
  permissions?: string[];
  project?: string;
  days: number;
  email?: string;
  passwordStdin?: boolean;
  org?: string;
  json?: boolean;
}

async function createToken(name: string, options: CreateOptions): Promise<void> {
  const url = knownUrl();
  if (!url) throw new CliError("Not signed in.", { exitCode: EXIT.signedOut, advice: "Sign in first: drover login URL" });
  const unknown = options.permissions?.find((one) => !(PERMISSION_NAMES as string[]).includes(one));
  if (unknown) throw usage(`There is no permission ${unknown}. Known: ${PERMISSION_NAMES.join(", ")}.`);
  const made = await inSession(url, options, async (trpc, viewer) => {
    const project = viewer.projects.find(({ slug }) => slug === options.project);
    if (options.project && !project) throw new CliError(`There is no project ${options.project} that you may see.`, { exitCode: EXIT.notFound });
    const projectId = project?.id ?? null;
    const permissions = (options.permissions as Permission[] | undefined) ?? grantableToOwn(viewer, projectId);
    return trpc.access.createMyToken.mutate({ name, permissions, expiresInDays: options.days, projectId });
  });
  if (options.json) return printJson(made);
  note(`${paint("green", "✓")} ${name} is valid until ${made.expiresAt.toISOString().slice(0, 10)}. It is shown only now:`);
  say(made.token);
}

async function revokeToken(idOrName: string, { json }: { json?: boolean }): Promise<void> {
  const { trpc } = connectApi();
  let id = idOrName;
  if (!/^tok_[0-9a-f-]{36}$/.test(idOrName)) {
    const live = (await trpc.access.myTokens.query({ limit: 200 })).items.filter(({ name, state }) => name === idOrName && state === "live");
    if (live.length === 0) throw new CliError(`You have no live token ${idOrName}.`, { exitCode: EXIT.notFound });
    if (live.length > 1) throw usage(`${live.length} tokens are called ${idOrName}: name one by its id.`);
    id = live[0]!.id;
  }
  await trpc.access.revokeMyToken.mutate({ id });
  if (json) return printJson({ id, state: "revoked" });
  note(`${paint("green", "✓")} Revoked.`);
}
