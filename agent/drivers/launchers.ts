import { access, constants } from "node:fs/promises";
import path from "node:path";
import { SetupFailed } from "../code/setup-failed.ts";
import { hostPath } from "../env.ts";
import type { JobSpec } from "../protocol/messages.ts";
import type { Ask } from "./driver.ts";
import { hasRanks, RANK_FILES } from "./ranks.ts";

/** The run's own program and arguments. @throws SetupFailed where there is none. */
export function plainCommand(spec: Pick<JobSpec, "command">): string[] {
  const plain = typeof spec.command === "string" ? ["/bin/sh", "-c", spec.command] : spec.command;
  if (plain.length === 0) throw new SetupFailed("command: it is empty.");
  return plain;
}

/** The same, as one rank among several: its companion keeps its output and its end apart. */
export function rankCommand(folder: string, command: readonly string[], ask: Pick<Ask, "launcher" | "nodes" | "processes">): string[] {
  return hasRanks(ask) ? ["/bin/sh", path.join(folder, RANK_FILES.script), folder, ...command] : [...command];
}

/** `torchrun` where PATH has it, else its module: some installations have only one of them. */
const TORCHRUN = 'if command -v torchrun >/dev/null 2>&1; then exec torchrun "$@"; else exec python3 -m torch.distributed.run "$@"; fi';

/** Words that start one node's share of a torchrun. `rendezvous`: shell words, expanded on the node. With underscores: PyTorch before 2.0 knows no other spelling. */
export function torchrunWords(ask: Ask, rendezvous: readonly string[]): string[] {
  return ["/bin/sh", "-c", TORCHRUN, "torchrun", ...rendezvous, `--nproc_per_node=${ask.processes}`, `--max_restarts=${ask.restarts}`, "--no_python"];
}

/** Settings of Open MPI by name: mpirun of other makers ignores them. As many ranks as asked for, wherever they fit. */
export const MPI_ENV: Record<string, string> = { OMPI_MCA_rmaps_base_oversubscribe: "1", OMPI_MCA_hwloc_base_binding_policy: "none", OMPI_MCA_btl_vader_single_copy_mechanism: "none", OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1" };

/** The command of an attempt on one machine without a scheduler. @throws SetupFailed for a launcher that is not known. */
export function localCommand(folder: string, command: readonly string[], ask: Ask): string[] {
  const rank = rankCommand(folder, command, ask);
  if (ask.launcher === "none") return rank;
  if (ask.launcher === "torchrun") return [...torchrunWords(ask, ["--standalone"]), ...rank];
  if (ask.launcher === "mpi") return ["mpirun", "-n", String(ask.processes), ...rank];
  throw new SetupFailed(`launcher: this cluster offers none, torchrun and mpi, not ${ask.launcher}.`);
}

/** Launchers that can work here: mpirun must be on the PATH. */
export async function launchersHere(): Promise<string[]> {
  const folders = hostPath().split(path.delimiter).filter(Boolean);
  for (const folder of folders) {
    const found = await access(path.join(folder, "mpirun"), constants.X_OK).then(() => true, () => false);
    if (found) return ["none", "torchrun", "mpi"];
  }
  return ["none", "torchrun"];
}
