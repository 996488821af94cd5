import { hostname } from "node:os";

/** How large a test cluster is and what it does. */
export interface LabShape {
  /** Machines; each is a slurmd of this host, on a port of its own. */
  nodes: number;
  /** Accelerators per machine: character devices without a driver behind them. */
  gpus: number;
  /** In how many shares each may be had instead of whole; 0: in none. */
  shards: number;
  cpus: number;
  memoryMib: number;
  /** slurmdbd and a private MariaDB: sacct, accounts, QOS. */
  accounting: boolean;
  /** Jobs in cgroups of version 1: memory and devices are then really kept apart. */
  cgroups: boolean;
  /** Seconds after which a silent slurmd is down. */
  slurmdTimeout: number;
  /** Slurm switches machines off when asked to, and on again for jobs: by scripts that end and start their slurmd. */
  elastic: boolean;
  /** Two switches below a third: the last machine hangs on one of its own. */
  topology: boolean;
}
export interface LabPorts {
  controller: number;
  dbd: number;
  mariadb: number;
  nodes: number[];
}

export const ROOT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
export const nodeNames = (shape: LabShape): string[] => Array.from({ length: shape.nodes }, (_, at) => `n${String(at + 1).padStart(2, "0")}`);

const block = (settings: Record<string, string | number>) => Object.entries(settings).map(([key, value]) => `${key}=${value}`).join("\n");

function accountingOf(socket: string, shape: LabShape, ports: LabPorts): Record<string, string | number> {
  if (!shape.accounting) return { AccountingStorageType: "accounting_storage/none" };
  return {
    AccountingStorageType: "accounting_storage/slurmdbd",
    AccountingStorageHost: "127.0.0.1",
    AccountingStoragePort: ports.dbd,
    AccountingStoragePass: socket,
    AccountingStorageTRES: `gres/gpu,gres/gpu:h100${shape.shards > 0 ? ",gres/shard" : ""}`,
    AccountingStorageEnforce: "associations,limits,qos",
    AccountingStoreFlags: "job_comment",
    PriorityType: "priority/multifactor",
    PriorityWeightQOS: 1000,
    PriorityWeightFairshare: 1000,
    PreemptType: "preempt/qos",
    PreemptMode: "REQUEUE",
  };
}

const gresOf = ({ gpus, shards }: LabShape): string => (gpus === 0 ? "" : ` Gres=gpu:h100:${gpus}${shards > 0 ? `,shard:${gpus * shards}` : ""}`);

/** slurm.conf of a cluster below `home`. Fast scheduling, short timeouts, and nothing outside the folder. */
export function slurmConf(home: string, shape: LabShape, ports: LabPorts): string {
  const socket = `${home}/run/munge.sock`;
  const nodes = nodeNames(shape).map(
    (name, at) => `NodeName=${name} NodeHostname=${hostname()} NodeAddr=127.0.0.1 Port=${ports.nodes[at]} CPUs=${shape.cpus} RealMemory=${shape.memoryMib}${gresOf(shape)} State=UNKNOWN`,
  );
  return `${block({
    ClusterName: "lab",
    SlurmctldHost: `${hostname()}(127.0.0.1)`,
    SlurmctldPort: ports.controller,
    SlurmUser: "root",
    SlurmdUser: "root",
    AuthType: "auth/munge",
    AuthInfo: `socket=${socket}`,
    CredType: "cred/munge",
    StateSaveLocation: `${home}/state`,
    SlurmdSpoolDir: `${home}/spool/%n`,
    SlurmctldPidFile: `${home}/run/slurmctld.pid`,
    SlurmdPidFile: `${home}/run/slurmd.%n.pid`,
    SlurmctldLogFile: `${home}/log/slurmctld.log`,
    SlurmdLogFile: `${home}/log/slurmd.%n.log`,
    ProctrackType: `proctrack/${shape.cgroups ? "cgroup" : "linuxproc"}`,
    TaskPlugin: `task/${shape.cgroups ? "cgroup" : "none"}`,
    MpiDefault: "none",
    SelectType: "select/cons_tres",
    SelectTypeParameters: "CR_CPU_Memory",
    DefMemPerCPU: 50,
    SchedulerType: "sched/backfill",
    SchedulerParameters: "batch_sched_delay=0,sched_interval=1,bf_interval=1,bf_continue,default_queue_depth=1000",
    SlurmdParameters: "config_overrides",
    ReturnToService: 2,
    SlurmctldTimeout: 10,
    SlurmdTimeout: shape.slurmdTimeout,
    KillWait: 2,
    CompleteWait: 0,
    MinJobAge: 300,
    MaxJobCount: 20_000,
    FirstJobId: ports.controller, // jobs of two clusters of this host would share a cgroup, and each would end the other's
    GresTypes: shape.shards > 0 ? "gpu,shard" : "gpu",
    JobAcctGatherType: "jobacct_gather/linux",
    JobAcctGatherFrequency: "task=2",
    JobRequeue: 1,
    ...(shape.elastic ? { SuspendProgram: `${home}/etc/${POWER_SCRIPTS.off.name}`, ResumeProgram: `${home}/etc/${POWER_SCRIPTS.on.name}`, SuspendTime: 86_400, SuspendTimeout: 5, ResumeTimeout: 60 } : {}),
    ...(shape.topology ? { TopologyPlugin: "topology/tree" } : {}),
    ...accountingOf(socket, shape, ports),
  })}
${nodes.join("\n")}
PartitionName=gpu Nodes=ALL Default=YES MaxTime=INFINITE State=UP
PartitionName=short Nodes=${nodeNames(shape)[0]} MaxTime=00:10:00 State=UP
`;
}

/**
 * What an elastic cluster calls with the name of a machine. It says that it has just booted (-b), and takes a moment to: one that has
 * booted in the second in which it was asked to Slurm takes for one that was there before. Pids lie where the lab's own daemons leave theirs.
 */
export const POWER_SCRIPTS = {
  off: { name: "off.sh", text: (home: string) => `#!/bin/sh\nkill "$(cat "${home}/run/bg.slurmd.$1")"\n` },
  on: { name: "on.sh", text: (home: string) => `#!/bin/sh\nexport PATH="${ROOT_PATH}" SLURM_CONF="${home}/etc/slurm.conf"\nsetsid sh -c 'sleep 2; exec slurmd -D -b -N "$0"' "$1" </dev/null >>"${home}/log/slurmd.$1.out" 2>&1 &\necho $! > "${home}/run/bg.slurmd.$1"\n` },
};

export function topologyConf(shape: LabShape): string {
  const names = nodeNames(shape);
  return `SwitchName=leaf1 Nodes=${names.slice(0, -1).join(",")}\nSwitchName=leaf2 Nodes=${names.at(-1)}\nSwitchName=spine Switches=leaf1,leaf2\n`;
}

export function gresConf(home: string, shape: LabShape): string {
  const lines = nodeNames(shape).map((name) => `NodeName=${name} Name=gpu Type=h100 File=${home}/dev/${name}/nvidia[0-${shape.gpus - 1}]`);
  const shards = nodeNames(shape).map((name) => `NodeName=${name} Name=shard Count=${shape.gpus * shape.shards}`);
  return ["AutoDetect=off", ...(shape.gpus > 0 ? lines : []), ...(shape.gpus * shape.shards > 0 ? shards : []), ""].join("\n");
}

export const CGROUP_CONF = ["CgroupPlugin=cgroup/v1", "CgroupMountpoint=/sys/fs/cgroup", "ConstrainDevices=yes", "ConstrainCores=no", "ConstrainRAMSpace=yes", "ConstrainSwapSpace=no", ""].join("\n");

export function slurmdbdConf(home: string, ports: LabPorts): string {
  return `${block({
    AuthType: "auth/munge",
    AuthInfo: `socket=${home}/run/munge.sock`,
    DbdHost: "localhost",
    DbdAddr: "127.0.0.1",
    DbdPort: ports.dbd,
    SlurmUser: "root",
    LogFile: `${home}/log/slurmdbd.log`,
    PidFile: `${home}/run/slurmdbd.pid`,
    StorageType: "accounting_storage/mysql",
    StorageHost: "127.0.0.1",
    StoragePort: ports.mariadb,
    StorageUser: "slurm",
    StoragePass: "slurm",
    StorageLoc: "slurm_acct_db",
  })}\n`;
}
