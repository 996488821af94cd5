import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { hostPath } from "../agent/env.ts";

/** What gets lost between agents and server. Nobody is told: no reset, no refusal, only silence. */
export type Loss = "everything" | "requests" | "answers";

const SWITCH = "switch";
const SITE = "site";
/** Known to each other for good: who has to ask first learns after three seconds that nobody is there, as no one does beyond a router. */
const [SERVER_MAC, AGENTS_MAC] = ["02:00:00:00:00:01", "02:00:00:00:00:02"];
const NAME = new RegExp(`^drover(\\d+)-(?:${SWITCH}|${SITE})$`);
const namespaceOf = (pid: number, kind: string) => `drover${pid}-${kind}`;
const linkOf = (pid: number) => `drover${pid}`; // a link's name has 15 characters at the most

/** Any object's command of iproute2, one a line. @throws Error that says what it said. */
function ip(lines: readonly string[], namespace?: string): string {
  try {
    return execFileSync("ip", [...(namespace ? ["-n", namespace] : []), "-batch", "-"], { input: lines.join("\n"), encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    throw new Error((error as { stderr?: string }).stderr?.trim().split("\n")[0] || String(error), { cause: error });
  }
}

/** Of the addresses that this machine alone uses, four that nobody else does: for the network of one pair. */
function freeNet(): { server: string; agents: string } {
  const taken = new Set(Object.values(networkInterfaces()).flatMap((addresses = []) => addresses.map(({ address }) => address)));
  for (let at = process.pid; ; at += 1) {
    const net = (at % 16_384) * 4;
    const [server, agents] = [1, 2].map((host) => `10.213.${net >> 8}.${(net & 255) + host}`);
    if (!taken.has(server!)) return { server: server!, agents: agents! };
  }
}

/**
 * The machine of the agents: a network namespace with one cable, to a switch in a namespace of its own, which has a cable to the
 * server's machine. It is the switch that loses things: neither end sees its own link go, nor has another route to try.
 */
export class Site {
  /** Where the server's machine is found from within. */
  readonly server: string;
  readonly #cuts: Record<Loss, number> = { everything: 0, requests: 0, answers: 0 };

  private constructor(server: string) {
    this.server = server;
  }

  /** One for this process. @returns why there is none, where it cannot be. */
  static make(): Site | string {
    if (process.getuid?.() !== 0) return "network namespaces are for root";
    const missing = ["ip", "nsenter"].find((program) => !hostPath().split(":").some((folder) => existsSync(join(folder, program))));
    if (missing) return `there is no ${missing} here (Debian: apt-get install iproute2 util-linux)`;
    try {
      Site.removeLeft();
      const { server, agents } = freeNet();
      build(server, agents);
      return new Site(server);
    } catch (error) {
      demolish(process.pid);
      return `network namespaces cannot be made here: ${(error as Error).message}`;
    }
  }

  /** One for this process; where there can be none, that is said: no link is taken down, the proxy cuts in its place. */
  static makeOrSay(): Site | null {
    const site = Site.make();
    if (typeof site !== "string") return site;
    console.log(`No link is taken down between agents and server, the proxy cuts in its place: ${site}.`);
    return null;
  }

  /** What was killed before it could clean up leaves its namespaces, with its agents in them. */
  static removeLeft(): void {
    const makers = new Set(namespaces().flatMap((name) => NAME.exec(name)?.[1] ?? []).map(Number));
    for (const pid of makers) if (!existsSync(`/proc/${pid}`)) demolish(pid);
  }

  /** Before a command, which then is the process itself, and its children's network is this one too. */
  get enter(): readonly string[] {
    return ["nsenter", `--net=/run/netns/${namespaceOf(process.pid, SITE)}`, "--"];
  }

  /** Loses it until the returned function is called. Several at a time add up. */
  cut(what: Loss): () => void {
    const add = (count: number) => {
      this.#cuts[what] += count;
      this.#apply();
    };
    add(1);
    return () => add(-1);
  }

  #apply(): void {
    const { everything, requests, answers } = this.#cuts;
    const deaf = (port: string, is: boolean) => `link set dev ${port} type bridge_slave ${["flood", "bcast_flood", "mcast_flood"].map((kind) => `${kind} ${is ? "off" : "on"}`).join(" ")}`;
    ip([deaf("server", requests > 0), deaf("agents", answers > 0), `link set dev agents ${everything > 0 ? "down" : "up"}`], namespaceOf(process.pid, SWITCH));
  }

  /** All that it is made of, and whatever still runs in it. */
  remove(): void {
    demolish(process.pid);
  }
}

function build(server: string, agents: string): void {
  const { pid } = process;
  const [hub, site] = [namespaceOf(pid, SWITCH), namespaceOf(pid, SITE)];
  for (const name of [hub, site]) ip([`netns add ${name}`]);
  ip([`link add ${linkOf(pid)} address ${SERVER_MAC} type veth peer name server netns ${hub}`, `addr add ${server}/30 dev ${linkOf(pid)}`, `link set ${linkOf(pid)} up`, `neigh add ${agents} lladdr ${AGENTS_MAC} dev ${linkOf(pid)} nud permanent`]);
  // It learns no addresses and passes on everything, so that what a port no longer passes on is lost at once.
  const plug = (port: string) => [`link set ${port} master hub`, `link set dev ${port} type bridge_slave learning off`, `link set ${port} up`];
  ip(["link add hub type bridge", `link add agents type veth peer name eth0 netns ${site} address ${AGENTS_MAC}`, ...plug("server"), ...plug("agents"), "link set hub up"], hub);
  // The host's name may lead to any of its addresses; Slurm's daemons and MPI look for themselves under that name.
  const own = Object.values(networkInterfaces()).flatMap((all = []) => all.filter(({ family, internal, address }) => family === "IPv4" && !internal && address !== server));
  ip(["link set lo up", ...own.map(({ address }) => `addr add ${address}/32 dev lo`), `addr add ${agents}/30 dev eth0`, "link set eth0 up", `neigh add ${server} lladdr ${SERVER_MAC} dev eth0 nud permanent`], site);
}

const namespaces = () => ip(["netns list"]).split("\n").map((line) => line.split(" ")[0]!);

function demolish(pid: number): void {
  try {
    ip([`link del ${linkOf(pid)}`]);
  } catch {
    // it goes with the namespace at its other end
  }
  for (const kind of [SWITCH, SITE]) {
    const name = namespaceOf(pid, kind);
    if (!namespaces().includes(name)) continue;
    for (const each of ip([`netns pids ${name}`]).split("\n").filter(Boolean)) kill(Number(each));
    ip([`netns del ${name}`]);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it has just ended
  }
}
