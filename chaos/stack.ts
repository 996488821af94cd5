import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createTRPCClient, httpLink } from "@trpc/client";
import type { Sql } from "postgres";
import superjson from "superjson";
import { openSql } from "../db/connection.ts";
import { migrate } from "../db/migrate.ts";
import type { AppRouter } from "../server/trpc/root.ts";
import { freePort } from "../scripts/postgres/ports.ts";
import { PostgresVictim } from "./postgres.ts";
import { Supervised, until } from "./processes.ts";
import { Proxy } from "./proxy.ts";
import type { Site } from "./site.ts";

const ROOT = join(import.meta.dirname, "..");
/** The stack's own cluster, as people see it and as specs name it. */
export const OWN_CLUSTER = { name: "Chaos box", slug: "chaos-box" };
/** Short, so that silence is noticed within a trial. */
const LEASE_SECONDS = 3;

export type Services = Record<"server" | "worker" | "agent", Supervised> & { postgres: PostgresVictim };

/** Drover as it is installed: the built server, worker and agent, and a Postgres of its own, all killable. */
export interface Stack {
  folder: string;
  url: string;
  services: Services;
  proxy: Proxy;
  /** Where its agents run; null: beside the server. */
  site: Site | null;
  sql: Sql;
  api: ReturnType<typeof createTRPCClient<AppRouter>>;
  token: string;
  clusterId: string;
  /** Where agents reach the server: through the proxy. */
  agentUrl: string;
  stop: () => Promise<void>;
}

export async function startStack(folder: string, { leaseSeconds = LEASE_SECONDS, site = null }: { leaseSeconds?: number; site?: Site | null } = {}): Promise<Stack> {
  for (const name of ["starts", "doubles", "lives", "logs", "agent"]) mkdirSync(join(folder, name), { recursive: true });
  const database = new PostgresVictim(folder);
  const databaseUrl = await database.start();
  await migrate(databaseUrl, join(ROOT, "db/migrations"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    DATABASE_URL: databaseUrl,
    DROVER_SECRET: "chaos-chaos-chaos-chaos-chaos-chaos",
    DROVER_URL: url,
    DROVER_HOST: "127.0.0.1",
    DROVER_PORT: String(port),
    DROVER_CONSOLE: "off",
    DROVER_OBJECTS: join(folder, "objects"),
    DROVER_LEASE_SECONDS: String(leaseSeconds),
    DROVER_LOG_LEVEL: "warn",
    NODE_ENV: "production",
  };
  const make = (name: string, command: string[], extra: Record<string, string> = {}) =>
    new Supervised({ name, command, env: { ...env, ...extra }, log: join(folder, "logs", `${name}.log`) });
  const proxy = new Proxy(port);
  await proxy.listen(site?.server ?? "127.0.0.1");
  const services: Services = {
    postgres: database,
    server: make("server", [process.execPath, join(ROOT, "dist/server.mjs")]),
    worker: make("worker", [process.execPath, join(ROOT, "dist/worker.mjs")]),
    agent: make("agent", agentCommand(site, ["run"], join(folder, "agent")), { DROVER_AGENT_STATE: join(folder, "agent") }),
  };
  const sql = openSql(databaseUrl, { max: 4 });
  const stop = async () => {
    await sql.end({ timeout: 2 }).catch(() => {});
    for (const name of ["agent", "worker", "server", "postgres"] as const) await services[name].stop();
    await proxy.close();
  };
  const agentUrl = proxy.url;
  try {
    const { token, clusterId } = await startServices(services, { folder, url, databaseUrl, agentUrl, site });
    return { folder, url, services, proxy, site, sql, token, clusterId, agentUrl, api: client(url, { authorization: `Bearer ${token}` }), stop };
  } catch (error) {
    await stop(); // nothing that did start outlives a start that failed
    throw error;
  }
}

/** @throws when one of them does not come up. */
async function startServices(services: Services, { folder, url, databaseUrl, agentUrl, site }: { folder: string; url: string; databaseUrl: string; agentUrl: string; site: Site | null }): Promise<{ token: string; clusterId: string }> {
  services.server.start();
  services.worker.start();
  await until("the server", async () => (await fetch(`${url}/api/health`)).ok, 30);
  const { token, clusterId, code } = await makeOwner(url, databaseUrl);
  await enrolAgent(services.agent, site, folder, agentUrl, code);
  services.agent.start();
  return { token, clusterId };
}

export function client(url: string, headers: Record<string, string>) {
  return createTRPCClient<AppRouter>({ links: [httpLink({ url: `${url}/api/trpc`, headers, transformer: superjson })] });
}

/** The front door: the one-time link makes the first owner, who then signs in. */
export async function becomeOwner(url: string, setupToken: string) {
  const person = { email: "chaos@example.com", password: "chaos-password-1" };
  const { orgSlug } = await client(url, {}).access.completeSetup.mutate({ token: setupToken, name: "Chaos", orgName: "Chaos", ...person });
  const signIn = await fetch(`${url}/api/auth/sign-in/email`, { method: "POST", headers: { "content-type": "application/json", origin: url }, body: JSON.stringify(person) });
  const cookie = signIn.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
  return client(url, { cookie, "x-drover-org": orgSlug, origin: url });
}

/** An owner, a token, a cluster. */
async function makeOwner(url: string, databaseUrl: string) {
  const { connect } = await import("../db/client.ts");
  const { ensureSetupLink } = await import("../server/access/setup-link.ts");
  const direct = connect(databaseUrl, { max: 1, rawMax: 1 });
  const setup = await ensureSetupLink(direct.db);
  await direct.close();
  if (!setup) throw new Error("The database already has an owner.");
  const asOwner = await becomeOwner(url, setup);
  const { held } = await asOwner.access.viewer.query();
  const { token } = await asOwner.access.createMyToken.mutate({ name: "chaos", projectId: null, permissions: held, expiresInDays: 7 });
  const { clusterId, code } = await asOwner.clusters.create.mutate({ name: OWN_CLUSTER.name });
  return { token, clusterId, code };
}

const agentCommand = (site: Site | null, verb: readonly string[], folder: string) => [...(site?.enter ?? []), process.execPath, join(ROOT, "dist/agent.mjs"), ...verb, "--state", folder];

export async function enrolAgent(agent: Supervised, site: Site | null, folder: string, url: string, code: string): Promise<void> {
  const enrol = new Supervised({ ...agent.service, name: "enrol", command: agentCommand(site, ["enrol", "--url", url, "--code", code], join(folder, "agent")) });
  const ended = await enrol.runOnce();
  if (ended !== 0) throw new Error(`The agent's enrolment ended with ${ended}; see ${enrol.service.log}.`);
}

/** Another agent of this stack, with a state folder of its own. */
export function agentProcess(stack: Stack, name: string, folder: string, verb: string[] = ["run"], extra: Record<string, string> = {}): Supervised {
  const { env } = stack.services.agent.service;
  return new Supervised({ name, command: agentCommand(stack.site, verb, folder), env: { ...env, ...extra, DROVER_AGENT_STATE: folder }, log: join(stack.folder, "logs", `${name}.log`) });
}

/** A new cluster and its single-use code, asked for until the answer arrives. */
export async function enrolmentCode(stack: Stack, name: string): Promise<{ clusterId: string; code: string }> {
  return until(`a code for ${name}`, () => stack.api.clusters.create.mutate({ name }), 30);
}
