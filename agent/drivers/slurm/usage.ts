import type { SlurmClient } from "./client.ts";
import { sizeMib } from "./queue.ts";

/** `1-02:03:04.500`, `03:04.500` → seconds. */
export function clockSeconds(text: string): number {
  const match = /^(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)$/.exec(text);
  if (!match) return 0;
  const [, days = "0", hours = "0", minutes = "0", rest = "0"] = match;
  return ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(rest);
}

/** Lines of `sstat -n -P -a -o JobID,NTasks,AveCPU,AveRSS`: a job's steps together. */
export function parseUsage(text: string): Map<string, { cpuSeconds: number; memoryMib: number }> {
  const found = new Map<string, { cpuSeconds: number; memoryMib: number }>();
  for (const line of text.split("\n")) {
    const [step, tasks, cpu, rss] = line.split("|");
    const id = step?.split(".")[0];
    if (!id || rss === undefined || step?.endsWith(".extern")) continue;
    const count = Number(tasks) || 1;
    const seen = found.get(id) ?? { cpuSeconds: 0, memoryMib: 0 };
    found.set(id, { cpuSeconds: seen.cpuSeconds + clockSeconds(cpu ?? "") * count, memoryMib: seen.memoryMib + sizeMib(rss || "0K") * count });
  }
  return found;
}

/** One look for all. Slurm measures every few seconds, as its administrator set it. */
export async function usageOf(client: SlurmClient, jobs: ReadonlyMap<string, string>): Promise<Map<string, { cpuSeconds: number; memoryMib: number }>> {
  const found = new Map<string, { cpuSeconds: number; memoryMib: number }>();
  if (jobs.size === 0) return found;
  const text = await client.run("sstat", ["-n", "-P", "-a", "-j", [...jobs.keys()].join(","), "-o", "JobID,NTasks,AveCPU,AveRSS"]).catch(() => "");
  for (const [job, use] of parseUsage(text)) {
    const attempt = jobs.get(job);
    if (attempt) found.set(attempt, use);
  }
  return found;
}
