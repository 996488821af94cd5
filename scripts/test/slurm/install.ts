import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { say, since, Trouble } from "../../say.ts";

const CURE = "On Debian 12, as root: apt-get install slurmctld slurmd slurm-client munge slurmdbd mariadb-server openmpi-bin libopenmpi-dev gcc libc6-dev.";

/** What one kind of test needs: a program or file that shows it is there, and the packages that bring it. */
const SCHEDULER = { slurmctld: "/usr/sbin/slurmctld", slurmd: "/usr/sbin/slurmd", "slurm-client": "/usr/bin/sbatch", munge: "/usr/sbin/munged", slurmdbd: "/usr/sbin/slurmdbd", "mariadb-server": "/usr/sbin/mariadbd" };
const MPI = { "openmpi-bin": "/usr/bin/mpirun", "libopenmpi-dev": "/usr/bin/mpicc", gcc: "/usr/bin/gcc", "libc6-dev": "/usr/include/stdlib.h" };
const TORCH = { "python3-torch": "/usr/lib/python3/dist-packages/torch/__init__.py" };
/** To compile Horovod for that PyTorch and that MPI. */
const HOROVOD = { "libtorch-dev": "/usr/include/torch/csrc/api/include/torch/torch.h", "pybind11-dev": "/usr/include/pybind11/pybind11.h", "python3-dev": "/usr/bin/python3-config", "python3-venv": "/var/lib/dpkg/info/python3-venv.list", cmake: "/usr/bin/cmake", "g++": "/usr/bin/g++" };
export const NEEDS = { slurm: SCHEDULER, mpi: MPI, torch: TORCH, horovod: HOROVOD } as const;
export type Need = keyof typeof NEEDS;

/** Packages of these needs that are not installed. */
export function missingPackages(needs: readonly Need[]): string[] {
  return needs.flatMap((need) => Object.entries(NEEDS[need]).flatMap(([name, sign]) => (existsSync(sign) ? [] : [name])));
}

/** Installs what is missing. @throws Trouble where that is not possible here. */
export function ensureInstalled(needs: readonly Need[]): void {
  const missing = missingPackages(needs);
  if (process.getuid?.() !== 0) throw new Trouble("A real Slurm can only be started as root: its daemons start jobs and make device files.", "Run the tests as root, in a container for example.");
  if (missing.length === 0) return;
  if (!existsSync("/usr/bin/apt-get")) throw new Trouble(`A real Slurm needs ${missing.join(", ")}, and this is no Debian.`, CURE);
  const start = performance.now();
  say.step(`installing ${missing.join(", ")} (once) …`);
  const wait = ["-o", "DPkg::Lock::Timeout=600"];
  for (const args of [["update", "-qq"], [...wait, "install", "-y", "-qq", "--no-install-recommends", ...missing]]) {
    const done = spawnSync("apt-get", args, { encoding: "utf8", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
    if (done.status !== 0) throw new Trouble(`${missing.join(", ")} could not be installed: ${done.stderr.trim().split("\n").at(-1)}`, CURE);
  }
  const still = missingPackages(needs);
  if (still.length > 0) throw new Trouble(`${still.join(", ")} was installed and is not where it should be.`, CURE);
  say.done(`installed ${missing.join(", ")} (${since(start)})`);
}
