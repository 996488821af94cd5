import { existsSync } from "node:fs";
import { join } from "node:path";
import { answers, isFree } from "../postgres/ports.ts";
import { ROOT } from "../root.ts";
import { say, since, Trouble } from "../say.ts";
import type { Database } from "./database.ts";
import type { UpOptions } from "./options.ts";
import { Service } from "./service.ts";
import type { State } from "./state.ts";

const HEALTHY_SECONDS = 90;
const START_CRASHES = 3;

/** Server, worker and agent as children of this process. */
export class Stack {
  readonly state: State;
  readonly options: UpOptions;
  readonly database: Database;
  /** Where people reach it. */
  readonly url: string;
  readonly server: Service;
  readonly worker: Service;
  readonly agent: Service;

  constructor(state: State, options: UpOptions, database: Database) {
    this.state = state;
    this.options = options;
    this.database = database;
    this.url = process.env.DROVER_URL ?? `http://localhost:${options.port}`;
    this.server = this.#service("server", "server/main.ts", [], this.serverEnv());
    this.worker = this.#service("worker", "server/worker.ts", [], this.serverEnv());
    this.agent = this.#service("agent", "agent/main.ts", ["run", ...(options.jobs === "stop" ? ["--stop-jobs"] : [])], agentEnv(state));
  }

  serverEnv(): NodeJS.ProcessEnv {
    const { state, options, database } = this;
    return {
      ...process.env,
      DATABASE_URL: database.url,
      DROVER_SECRET: process.env.DROVER_SECRET ?? state.secret(),
      DROVER_URL: this.url,
      DROVER_HOST: options.host,
      DROVER_PORT: String(options.port),
      DROVER_OBJECTS: process.env.DROVER_OBJECTS ?? state.objects,
      DROVER_LOG_FORMAT: process.env.DROVER_LOG_FORMAT ?? "text",
      NODE_ENV: options.dev ? "development" : "production",
    };
  }

  #service(name: string, source: string, args: string[], env: NodeJS.ProcessEnv): Service {
    const program = this.options.dev ? ["--import", "tsx", join(ROOT, source)] : ["--enable-source-maps", join(ROOT, "dist", `${name}.mjs`)];
    return new Service({ name, args: [...program, ...args], env, cwd: ROOT, log: this.state.log(name), pidFile: this.state.pidFile(name), say: (line) => say.warn(`${name.padEnd(6)} ${line}`) });
  }

  /** @throws Trouble when the port is taken or the server does not come up. */
  async start(): Promise<void> {
    await requirePort(this.options); // somebody may have taken it since the first look
    const start = performance.now();
    this.server.start();
    this.worker.start();
    await this.#waitHealthy(start);
    say.done(`server and worker started (${since(start)})`);
  }

  async #waitHealthy(start: number): Promise<void> {
    while (performance.now() - start < HEALTHY_SECONDS * 1000) {
      if (await answers(this.options.port, localHost(this.options.host))) {
        const reply = await fetch(`${localUrl(this.options)}/api/health`).catch(() => null);
        if (reply?.ok) return;
      }
      if (this.server.crashes >= START_CRASHES) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const words = this.server.lastWords();
    throw new Trouble(`The server does not start.${words ? ` Its last words:\n${words}` : ""}`, `Its log is ${this.state.log("server")}.`);
  }

  /** In order: who depends on somebody goes first. `agentGraceMs` is long where running work is stopped, too. */
  async stop(): Promise<void> {
    const agentGraceMs = this.options.jobs === "stop" ? 120_000 : 15_000;
    for (const [service, graceMs] of [[this.agent, agentGraceMs], [this.worker, 10_000], [this.server, 10_000]] as const) {
      const running = service.pid !== null;
      const clean = await service.stop(graceMs);
      if (running && !clean) say.warn(`${service.options.name} did not stop by itself and was killed`);
    }
    await this.database.embedded?.stop();
  }

  kill(): void {
    for (const service of [this.agent, this.worker, this.server]) service.kill();
  }
}

/** Where this machine reaches a server that listens there. */
const localHost = (host: string): string => (host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host);

export function localUrl({ host, port }: Pick<UpOptions, "port" | "host">): string {
  const name = localHost(host);
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
}

/** @throws Trouble when the port is taken. */
export async function requirePort({ port, host }: Pick<UpOptions, "port" | "host">): Promise<void> {
  if (!(await isFree(port, host))) throw new Trouble(`Port ${port} is taken by another program.`, `Stop that program, or choose another port: ./drover up --port ${port + 1}`);
}

/** The agent starts people's code: it gets no secret of the server. */
export function agentEnv(state: State): NodeJS.ProcessEnv {
  const { DATABASE_URL: _url, DROVER_SECRET: _secret, DROVER_STATE: _state, ...rest } = process.env;
  return { ...rest, DROVER_AGENT_STATE: process.env.DROVER_AGENT_STATE ?? state.agent, DROVER_LOG_FORMAT: process.env.DROVER_LOG_FORMAT ?? "text", NODE_ENV: "production" };
}

export const agentHasState = (state: State): boolean => existsSync(state.agent);
