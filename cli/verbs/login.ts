import { hostname } from "node:os";
import { Command } from "commander";
import type { Permission } from "../../domain/access/permissions.ts";
import { type Client, clientFor, connectApi, type Outputs, refuseBad } from "../api.ts";
import { checkedToken, knownUrl, saveConfig } from "../config.ts";
import { CliError, EXIT, usage } from "../errors.ts";
import { ask, readStdin } from "../prompt.ts";
import { facts, note, paint, printJson } from "../output.ts";

const TOKEN_DAYS = 90;
/** What the command line can do; the token gets those of them that its owner holds. */
const USED: Permission[] = ["org:read", "members:read", "projects:read", "clusters:read", "clusters:manage", "clusters:drain", "runs:read", "runs:submit", "runs:cancel", "runs:cancel-any", "runs:interact", "runs:interact-any", "runs:declare-lost"];

type Viewer = Outputs["access"]["viewer"];

interface LoginOptions {
  token?: string;
  email?: string;
  org?: string;
  passwordStdin?: boolean;
}

export function loginCommand(): Command {
  return new Command("login")
    .description("Sign in to a Drover server, with an API token or with e-mail and password")
    .argument("[url]", "such as https://drover.example.com; the one signed in to before otherwise")
    .option("--token <token>", "an API token (drv_…)")
    .option("--email <address>", "sign in with a password and keep a personal token of 90 days")
    .option("--password-stdin", "read the password from standard input")
    .option("--org <slug>", "which organization, where one is in several")
    .action(login);
}

async function login(given: string | undefined, options: LoginOptions): Promise<void> {
  const url = originOf(given ?? knownUrl() ?? (await ask("Address of the Drover server:", { instead: "Give it: drover login https://drover.example.com" })));
  const token = options.token === undefined ? await tokenByPassword(url, options) : checkedToken(options.token);
  const viewer = await clientFor(url, { authorization: `Bearer ${token}` }).access.viewer.query(); // refused here, nothing is stored
  const { version } = await clientFor(url, {}).access.about.query();
  const file = saveConfig({ url, token });
  note(`${paint("green", "✓")} Signed in to ${viewer.org.name} (${url}, Drover ${version}) as ${viewer.user.name}.`);
  note(paint("dim", `  The token is in ${file}, readable only by you.`));
}

function originOf(text: string): string {
  const scheme = /^(localhost|127\.0\.0\.1|\[::1\])(:|\/|$)/i.test(text) ? "http" : "https"; // nobody has a certificate for this machine
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `${scheme}://${text}`;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) throw usage(`${text} is not an address.`, "For example: drover login https://drover.example.com");
  return new URL(url).origin;
}

async function tokenByPassword(url: string, options: LoginOptions): Promise<string> {
  return inSession(url, options, async (trpc, { held }) => {
    const permissions = USED.filter((name) => held.includes(name));
    const made = await trpc.access.createMyToken.mutate({ name: `CLI on ${hostname()}`.slice(0, 60), permissions, expiresInDays: TOKEN_DAYS });
    return made.token;
  });
}

/** Signed in with a password, in one organization, for just so long as this takes; the password is kept nowhere. */
export async function inSession<T>(url: string, options: Pick<LoginOptions, "email" | "passwordStdin" | "org">, act: (trpc: Client, viewer: Viewer) => Promise<T>): Promise<T> {
  const { trpc, cookie } = await openSession(url, options);
  try {
    const inOrg = await chooseOrg(url, trpc, cookie, options.org);
    return await act(inOrg, await inOrg.access.viewer.query());
  } finally {
    await fetch(new URL("/api/auth/sign-out", url), { method: "POST", headers: { cookie, origin: url, "content-type": "application/json" }, body: "{}" }).catch(() => {});
  }
}

async function openSession(url: string, options: Pick<LoginOptions, "email" | "passwordStdin">): Promise<{ trpc: Client; cookie: string }> {
  const email = options.email ?? (await ask("E-mail:", { instead: "Give --token, or --email with --password-stdin." }));
  const password = options.passwordStdin ? (await readStdin()).replace(/\r?\n$/, "") : await ask("Password:", { hidden: true, instead: "Give --password-stdin, or --token." });
  const response = await fetch(new URL("/api/auth/sign-in/email", url), { method: "POST", headers: { "content-type": "application/json", origin: url }, body: JSON.stringify({ email, password }) });
  if (response.status === 401 || response.status === 400) throw new CliError("E-mail or password is wrong.", { exitCode: EXIT.signedOut });
  await refuseBad(response);
  const cookie = response.headers.getSetCookie().map((one) => one.split(";")[0]).join("; ");
  return { trpc: clientFor(url, { cookie }), cookie };
}

async function chooseOrg(url: string, trpc: Client, cookie: string, wanted: string | undefined): Promise<Client> {
  const { orgs } = await trpc.access.me.query();
  const org = wanted ? orgs.find(({ slug }) => slug === wanted) : orgs.length === 1 ? orgs[0] : undefined;
  if (!org && wanted) throw new CliError(`You are not in an organization ${wanted}.`, { exitCode: EXIT.notFound });
  if (!org) throw usage(orgs.length === 0 ? "You are in no organization yet." : `You are in several organizations: add --org ${orgs.map(({ slug }) => slug).join(" | ")}`);
  return clientFor(url, { cookie, "x-drover-org": org.slug });
}

export function whoamiCommand(): Command {
  return new Command("whoami")
    .description("Who and where one is signed in as")
    .option("--json", "machine-readable")
    .action(async ({ json }: { json?: boolean }) => {
      const { trpc, config } = connectApi();
      const viewer = await trpc.access.viewer.query();
      if (json) return printJson({ url: config.url, ...viewer });
      facts([
        ["server", config.url],
        ["organization", `${viewer.org.name} (${viewer.org.slug})`],
        ["user", `${viewer.user.name}${viewer.user.email ? ` <${viewer.user.email}>` : ""}`],
        ["roles", viewer.roles.join(", ")],
        ["projects", viewer.projects.map(({ slug }) => slug).join(", ")],
      ]);
    });
}
