import { execFile, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, chown, mkdir, readdir, readFile, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { promisify } from "node:util";
import { CGROUP_CONF, gresConf, type LabPorts, type LabShape, nodeNames, POWER_SCRIPTS, ROOT_PATH, slurmConf, slurmdbdConf, topologyConf } from "./config.ts";
import { Daemon, lives, pause, until } from "./daemon.ts";

const exec = promisify(execFile);
const HIERARCHIES = ["freezer", "devices", "memory", "cpuset", "cpuacct"];
const DEFAULTS: LabShape = { nodes: 3, gpus: 2, shards: 0, cpus: 32, memoryMib: 64_000, accounting: true, cgroups: true, slurmdTimeout: 10, elastic: false, topology: false };

/** A real Slurm on this machine: munged, slurmctld, several slurmd, and with accounting slurmdbd over a private MariaDB. */
export class SlurmLab {
  private readonly daemons = new Map<string, Daemon>();
  private nextDevice = 0;

  readonly home: string;
  readonly shape: LabShape;
  private readonly ports: LabPorts;
  private readonly enter: readonly string[];

  private constructor(home: string, shape: LabShape, ports: LabPorts, enter: readonly string[]) {
    this.home = home;
    this.shape = shape;
    this.ports = ports;
    this.enter = enter;
  }

  /**
   * Starts one in an empty folder. Root only.
   * @param enter Before each command: what makes it run where the lab is to be, in another network for example.
   */
  static async up(home: string, wanted: Partial<LabShape> = {}, enter: readonly string[] = []): Promise<SlurmLab> {
    const shape = { ...DEFAULTS, ...wanted };
    shape.cgroups &&= ["freezer", "devices", "memory"].every((name) => existsSync(`/sys/fs/cgroup/${name}/cgroup.procs`));
    const free = await freePorts(3 + shape.nodes);
    const lab = new SlurmLab(path.resolve(home), shape, { controller: free[0]!, dbd: free[1]!, mariadb: free[2]!, nodes: free.slice(3) }, enter);
    try {
      await lab.prepare();
      await lab.startAll();
      return lab;
    } catch (error) {
      await lab.down();
      throw error;
    }
  }

  /** What a client such as sbatch needs in its environment. */
  get env(): { SLURM_CONF: string } {
    return { SLURM_CONF: path.join(this.home, "etc", "slurm.conf") };
  }

  private get clientEnv(): NodeJS.ProcessEnv {
    return { PATH: ROOT_PATH, ...this.env } as Record<string, string> as NodeJS.ProcessEnv;
  }

  get nodes(): string[] {
    return nodeNames(this.shape);
  }

  /** Runs a client command of Slurm and answers what it printed. */
  async run(program: string, args: string[], options: { uid?: number; gid?: number } = {}): Promise<string> {
    const [first, ...rest] = [...this.enter, program, ...args];
    const { stdout } = await exec(first!, rest, { env: this.clientEnv, timeout: 60_000, maxBuffer: 64 * 1024 * 1024, ...options });
    return stdout;
  }

  daemon(name: string): Daemon {
    const found = this.daemons.get(name);
    if (!found) throw new Error(`This lab has no ${name}: ${[...this.daemons.keys()].join(", ")}.`);
    return found;
  }

  /** Ends one daemon as if it had crashed. */
  kill(name: string, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    return this.daemon(name).kill(signal);
  }

  async restart(name: string): Promise<void> {
    this.daemon(name).start();
    if (name === "munged") await this.untilMunge();
    if (name === "slurmctld") await this.untilController();
  }

  /** A machine that dies: its slurmd, the shepherds of its jobs, and the jobs. */
  async killNode(name: string): Promise<void> {
    const daemon = this.daemon(`slurmd.${name}`);
    const pids = await pidsOfNode(name);
    await daemon.kill("SIGKILL");
    for (const pid of [...new Set([...pids, ...(await pidsOfNode(name))])]) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // it went with the others
      }
    }
  }

  private async prepare(): Promise<void> {
    const at = (...names: string[]) => path.join(this.home, ...names);
    for (const name of ["run", "log", "state", "spool", "dev", "etc"]) await mkdir(at(name), { recursive: true, mode: 0o755 });
    await writeFile(at("etc", "munge.key"), randomBytes(1024), { mode: 0o400 });
    for (const node of this.nodes) {
      await mkdir(at("spool", node), { recursive: true });
      await mkdir(at("dev", node), { recursive: true });
      // Major 195 has no driver here: opening one says ENXIO where it is allowed and EPERM where it is not.
      for (let gpu = 0; gpu < this.shape.gpus; gpu++) await exec("mknod", [at("dev", node, `nvidia${gpu}`), "c", "195", String(this.nextDevice++)]);
    }
    await writeFile(at("etc", "slurm.conf"), slurmConf(this.home, this.shape, this.ports));
    await writeFile(at("etc", "gres.conf"), gresConf(this.home, this.shape));
    await writeFile(at("etc", "cgroup.conf"), CGROUP_CONF);
    if (this.shape.topology) await writeFile(at("etc", "topology.conf"), topologyConf(this.shape));
    for (const { name, text } of Object.values(POWER_SCRIPTS)) await writeFile(at("etc", name), text(this.home), { mode: 0o755 });
    if (this.shape.accounting) await writeFile(at("etc", "slurmdbd.conf"), slurmdbdConf(this.home, this.ports), { mode: 0o600 });
    const env = { PATH: ROOT_PATH, ...this.env };
    const define = (name: string, command: string[]) => this.daemons.set(name, new Daemon(name, this.home, [...this.enter, ...command], env));
    define("munged", ["munged", "-F", "--force", "-S", at("run", "munge.sock"), `--key-file=${at("etc", "munge.key")}`, `--log-file=${at("log", "munged.log")}`, `--pid-file=${at("run", "munged.pid")}`, `--seed-file=${at("run", "munged.seed")}`, "--num-threads=4"]);
    if (this.shape.accounting) {
      define("mariadbd", ["mariadbd", "--no-defaults", "--user=mysql", `--datadir=${at("mysql")}`, `--socket=${at("mysql", "m.sock")}`, `--pid-file=${at("mysql", "m.pid")}`, `--port=${this.ports.mariadb}`, "--bind-address=127.0.0.1", "--innodb-buffer-pool-size=64M", "--innodb-lock-wait-timeout=900", "--innodb-flush-log-at-trx-commit=0", "--skip-log-bin"]);
      define("slurmdbd", ["slurmdbd", "-D"]);
    }
    define("slurmctld", ["slurmctld", "-D"]); // by this very name: started as slurmctld-wlm it crashes
    for (const node of this.nodes) define(`slurmd.${node}`, ["slurmd", "-D", "-N", node]);
  }

  private async startAll(): Promise<void> {
    this.daemon("munged").start();
    await this.untilMunge();
    if (this.shape.accounting) await this.startAccounting();
    this.daemon("slurmctld").start();
    await this.untilController();
    for (const node of this.nodes) this.daemon(`slurmd.${node}`).start();
    await this.untilIdle();
    if (this.shape.accounting) await this.makeAccounts();
  }

  private untilMunge(): Promise<void> {
    return until("munged", () => existsSync(path.join(this.home, "run", "munge.sock")), 10);
  }

  private async startAccounting(): Promise<void> {
    const data = path.join(this.home, "mysql");
    await mkdir(data, { recursive: true });
    const { stdout } = await exec("id", ["-u", "mysql"]);
    const uid = Number(stdout);
    await chown(data, uid, uid);
    await chmod(this.home, 0o755);
    await exec("mariadb-install-db", ["--no-defaults", `--datadir=${data}`, "--user=mysql", "--skip-test-db", "--auth-root-authentication-method=normal"]);
    this.daemon("mariadbd").start();
    const sql = (text: string) => exec("mariadb", ["--no-defaults", "-uroot", "-S", path.join(data, "m.sock"), "-e", text]);
    await until("MariaDB", () => sql("select 1").then(() => true, () => false), 60);
    await sql(["localhost", "127.0.0.1"].map((host) => `create user slurm@'${host}' identified by 'slurm'; grant all on slurm_acct_db.* to slurm@'${host}';`).join(" ") + " create database slurm_acct_db;");
    this.daemon("slurmdbd").start();
    await until("slurmdbd", () => this.run("sacctmgr", ["-n", "show", "cluster"]).then(() => true, () => false), 60, () => this.logOf("slurmdbd"));
    await this.run("sacctmgr", ["-iQ", "add", "cluster", "lab"]);
  }

  private untilController(): Promise<void> {
    const isUp = () => this.run("timeout", ["5", "scontrol", "ping"]).then((text) => text.includes("is UP"), () => false);
    return until("slurmctld", isUp, 60, () => this.logOf("slurmctld"));
  }

  /** The controller writes changed jobs down every few seconds: killed before, it gives the number of one again, or takes one that runs for one that waits. */
  async untilWritten(job: string): Promise<void> {
    const since = Date.now();
    await this.run("scontrol", ["update", `jobid=${job}`, "admincomment=to be kept"]);
    await until(`Slurm to write down job ${job}`, () => stat(path.join(this.home, "state", "job_state")).then(({ mtimeMs }) => mtimeMs > since, () => false), 60, () => this.logOf("slurmctld"));
  }

  /** A controller that lost its newest jobs finds them on their nodes, which it then gives no more work until somebody has looked. */
  async resumeDrained(): Promise<void> {
    const drained = (await this.run("sinfo", ["-h", "-N", "-o", "%N %T"])).split("\n").filter((line) => / drain/.test(line)).map((line) => line.split(" ")[0]!);
    for (const node of new Set(drained)) await this.run("scontrol", ["update", `nodename=${node}`, "state=resume"]);
  }

  /** Every machine takes work. */
  async untilIdle(seconds = 60): Promise<void> {
    const idle = () => this.run("sinfo", ["-h", "-N", "-o", "%N %T"]).then((text) => new Set(text.split("\n").filter((line) => / (idle|mixed|allocated)$/.test(line))).size === this.shape.nodes, () => false);
    await until(`${this.shape.nodes} machines to be idle`, idle, seconds, () => this.logOf("slurmctld"));
  }

  /** Two accounts, and three qualities of service of which `high` may push `low` aside. */
  private async makeAccounts(): Promise<void> {
    for (const args of [
      ["add", "qos", "low,high"],
      ["modify", "qos", "low", "set", "priority=10"],
      ["modify", "qos", "high", "set", "priority=1000", "preempt=low"],
      ["add", "account", "research"],
      ["add", "account", "teama", "parent=research"],
      ["modify", "account", "teama", "set", "GrpTRES=gres/gpu=1"],
      ["add", "user", "root", "account=research,teama", "qos=normal,low,high", "defaultqos=normal", "defaultaccount=research"],
      ["add", "user", "nobody", "account=teama", "qos=normal,low", "defaultqos=normal"],
    ]) await this.run("sacctmgr", ["-iQ", ...args]);
  }

  private logOf(name: string): string {
    return spawnSync("tail", ["-n", "5", path.join(this.home, "log", `${name}.log`), path.join(this.home, "log", `${name}.out`)], { encoding: "utf8" }).stdout;
  }

  down(): Promise<void> {
    return takeDown(this.home);
  }
}

/** Pids of the shepherds and jobs of one machine. */
async function pidsOfNode(name: string): Promise<number[]> {
  const entry = `SLURMD_NODENAME=${name}`;
  const found: number[] = [];
  for (const pid of (await readdir("/proc")).filter((each) => /^\d+$/.test(each))) {
    const environment = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
    if (environment.split("\0").includes(entry)) found.push(Number(pid));
  }
  return found;
}

/** Ends all of a lab by the pids in its folder, whoever started it, and leaves nothing of it. */
export async function takeDown(home: string): Promise<void> {
  const run = path.join(home, "run");
  const files = (await readdir(run).catch(() => [])).filter((name) => name.startsWith("bg."));
  const pids = new Map<string, number>();
  for (const name of files) pids.set(name.slice(3), Number(await readFile(path.join(run, name), "utf8")));
  await endJobs(home);
  for (const round of [/^slurmd\./, /^slurmctld$/, /^slurmdbd$/, /^(mariadbd|munged)$/]) {
    const mine = [...pids].filter(([name, pid]) => round.test(name) && lives(pid)).map(([, pid]) => pid);
    for (const pid of mine) process.kill(pid, "SIGTERM");
    await until("the daemons to end", () => !mine.some(lives), 20).catch(() => {
      for (const pid of mine) if (lives(pid)) process.kill(pid, "SIGKILL");
    });
  }
  await endJobs(home); // shepherds of slurmds that were killed
  await rm(home, { recursive: true, force: true, maxRetries: 5 });
  await removeCgroups();
}

/** Everything that runs under this lab's slurm.conf and is no daemon: jobs and their shepherds. */
async function endJobs(home: string): Promise<void> {
  const entry = `SLURM_CONF=${path.join(home, "etc", "slurm.conf")}`;
  for (let round = 0; round < 50; round++) {
    let left = 0;
    for (const pid of (await readdir("/proc")).filter((each) => /^\d+$/.test(each) && Number(each) !== process.pid)) {
      const environment = (await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "")).split("\0");
      if (!environment.includes(entry) || !environment.some((each) => each.startsWith("SLURM_JOB_ID=")) || !lives(Number(pid))) continue;
      left++;
      try {
        process.kill(Number(pid), "SIGKILL");
      } catch {
        // gone meanwhile
      }
    }
    const shepherds = await stepdsOf(home);
    for (const pid of shepherds) if (lives(pid)) process.kill(pid, "SIGKILL");
    if (left + shepherds.length === 0) return;
    await pause(50);
  }
}

async function stepdsOf(home: string): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir("/proc")).filter((each) => /^\d+$/.test(each))) {
    const words = (await readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => "")).split("\0");
    const environment = (await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "")).split("\0");
    if (/^slurmstepd/.test(words[0] ?? "") && environment.some((each) => each.includes(home)) && lives(Number(pid))) found.push(Number(pid));
  }
  return found;
}

/** Empty groups of machines named as ours; one that is in use refuses by itself. */
async function removeCgroups(): Promise<void> {
  for (const hierarchy of HIERARCHIES) {
    const root = `/sys/fs/cgroup/${hierarchy}`;
    const tops = (await readdir(root).catch(() => [])).filter((name) => /^slurm(_n\d+)?$/.test(name));
    for (const top of tops) {
      const below = await readdir(path.join(root, top), { recursive: true, withFileTypes: true }).catch(() => []);
      const folders = below.filter((entry) => entry.isDirectory()).map((entry) => path.join(entry.parentPath, entry.name));
      for (const folder of [...folders.toSorted((a, b) => b.length - a.length), path.join(root, top)]) await rmdir(folder).catch(() => {});
    }
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(server));
  })));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
