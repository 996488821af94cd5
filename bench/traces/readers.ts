import type { Job } from "../simulation.ts";

/**
 * Jobs of a trace in the Standard Workload Format (Feitelson): one job a line, 18 numbers, comments after `;`.
 * Field 1 is the job, 2 the submit second, 4 the seconds that it ran, 5 and 8 the processors given and asked for (GPUs, here), 9 the
 * seconds asked for, 12 the user, 13 the group. Unknown is -1. Jobs that never ran are left out.
 */
export function readSwf(text: string): Job[] {
  return text.split("\n").flatMap((line) => {
    const fields = line.split(";")[0]!.trim().split(/\s+/).map(Number);
    const [id, submitted, , seconds, given, , , asked, limit] = fields as [number, number, number, number, number, number, number, number, number];
    const gpus = given > 0 ? given : asked;
    if (fields.length < 18 || !(seconds > 0) || !(gpus > 0)) return [];
    const group = fields[12]! >= 0 ? fields[12]! : fields[11]!;
    return [{ id: `job_${id}`, team: `group_${group}`, submitted, seconds, gpus, limit: limit > 0 ? Math.max(limit, seconds) : seconds }];
  });
}

/** Jobs of a trace with the columns of Helios (`job_id,user,vc,gpu_num,cpu_num,…,submit_time,…,duration`), by their names. */
export function readHelios(text: string): Job[] {
  const [head, ...lines] = text.trim().split("\n");
  const names = head!.split(",");
  const column = (name: string) => {
    const at = names.indexOf(name);
    if (at < 0) throw new Error(`The trace has no column ${name}. It has: ${names.join(", ")}.`);
    return at;
  };
  const at = { id: column("job_id"), team: column("vc"), gpus: column("gpu_num"), submitted: column("submit_time"), seconds: column("duration") };
  const jobs = lines.flatMap((line) => {
    const fields = line.split(",");
    const job = { id: fields[at.id]!, team: fields[at.team]!, gpus: Number(fields[at.gpus]), submitted: Date.parse(`${fields[at.submitted]!.replace(" ", "T")}Z`) / 1000, seconds: Number(fields[at.seconds]) };
    return job.gpus > 0 && job.seconds > 0 && Number.isFinite(job.submitted) ? [{ ...job, limit: job.seconds }] : [];
  });
  const first = Math.min(...jobs.map((job) => job.submitted));
  return jobs.map((job) => ({ ...job, submitted: job.submitted - first }));
}
