import type { Sql } from "postgres";
import { eventPrefixes, metricKeyOf } from "../../../domain/experiments/artifact-path.ts";
import { DomainError } from "../../../domain/shared/errors.ts";
import { formatCount, plural } from "../../../domain/shared/format.ts";
import { newId } from "../../../db/schema/columns.ts";
import type { Bus } from "../../bus.ts";
import { log } from "../../log.ts";
import { appendPoints, type Series, summarizePoints } from "../commands/metric-store.ts";
import { BadEventFile, readScalars, type Scalar } from "../metrics/event-file.ts";
import type { ObjectStore } from "../object-store.ts";

const AT_ONCE = 20;
/** A file of more is read up to here. */
const MAX_SCALARS = 2_000_000;
/** Points of one row. */
const ROW = 50_000;

interface EventFile {
  id: string;
  org: string;
  run: string;
  attempt: string | null;
  path: string;
  sha: string;
  key: string | null;
  /** Scalars that were read of an earlier version: such files only grow. */
  read: number;
}

/**
 * Numbers in TensorBoard's files become metrics of their run. Each file is read once; one that a client sends again, longer,
 * from where the last reading ended. May be repeated at any point, by any number of workers.
 * @returns how many files were read.
 */
export async function readEventFiles(sql: Sql, bus: Bus, objects: ObjectStore): Promise<number> {
  let read = 0;
  for (let after = ""; ; ) {
    const files = await sql<EventFile[]>`
      select a.id, a.org_id as org, a.run_id as run, a.attempt_id as attempt, a.path, a.sha256 as sha, o.key, a.scalars_read::float8 as read
      from artifacts a join objects o on o.org_id = a.org_id and o.sha256 = a.sha256
      where a.is_event_file and a.read_sha256 is distinct from a.sha256 and a.id > ${after} order by a.id limit ${AT_ONCE}`;
    for (const file of files) if (await tryFile(sql, bus, objects, file)) read += 1;
    if (files.length < AT_ONCE) return read;
    after = files.at(-1)!.id;
  }
}

/** Those that come after it belong to others: what fails for one is logged, and the next pass tries it again. */
async function tryFile(sql: Sql, bus: Bus, objects: ObjectStore, file: EventFile): Promise<boolean> {
  try {
    return await readFile(sql, bus, objects, file);
  } catch (error) {
    log().error({ err: error, artifact: file.id }, "the numbers of an event file could not be read or stored; the next pass tries again");
    return false;
  }
}

async function readFile(sql: Sql, bus: Bus, objects: ObjectStore, file: EventFile): Promise<boolean> {
  const { series, seen, problem } = await pointsOf(objects, file, await prefixOf(sql, file));
  const count = series.reduce((sum, { values }) => sum + values.length, 0);
  const done = await sql.begin(async (tx) => {
    await tx`select 1 from runs where id = ${file.run} for key share`; // runs first, as everybody locks them
    const [still] = await tx`select 1 from artifacts where id = ${file.id} and sha256 = ${file.sha} and scalars_read = ${file.read} and read_sha256 is distinct from sha256 for no key update`;
    if (!still) return false;
    for (const one of series) for (let at = 0; at < one.values.length; at += ROW) await appendPoints(tx, [{ ...one, steps: one.steps.slice(at, at + ROW), times: one.times.slice(at, at + ROW), values: one.values.slice(at, at + ROW) }]);
    if (series.length > 0) await summarizePoints(tx, series);
    await tx`update artifacts set read_sha256 = sha256, scalars_read = ${seen} where id = ${file.id}`;
    const read = `${formatCount(count)} points of ${plural(series.length, "metric")} were read from ${file.path}`;
    const message = !problem ? `${read}.` : count > 0 ? `${read}, up to where it is damaged: ${problem}` : `${file.path} could not be read as a TensorBoard file: ${problem}`;
    if (count > 0 || problem) await tx`insert into run_events (id, org_id, run_id, attempt_id, kind, actor, message) values (${newId("runEvent")}, ${file.org}, ${file.run}, ${file.attempt}, 'metrics.read', 'system', ${message})`;
    return true;
  });
  if (done) await bus.publishNow([{ orgId: file.org, topic: "run-metrics", id: file.run }, { orgId: file.org, topic: "run", id: file.run }]);
  return done;
}

/** What comes before the tags of this file, given its run's other ones. */
async function prefixOf(sql: Sql, { run, attempt, path }: EventFile): Promise<string> {
  const rows = await sql<{ path: string }[]>`select path from artifacts where run_id = ${run} and attempt_id is not distinct from ${attempt} and is_event_file`;
  return eventPrefixes(rows.map((row) => row.path)).get(path) ?? "";
}

/** `problem`: why nothing after these could be read. @throws what is the store's fault, not the file's. */
async function pointsOf(objects: ObjectStore, file: EventFile, prefix: string): Promise<{ series: Series[]; seen: number; problem: string | null }> {
  const found = new Map<string, Series>();
  let seen = 0;
  let problem: string | null = null;
  try {
    for await (const scalar of readScalars(objects.get({ sha256: file.sha, key: file.key }))) {
      if (seen === MAX_SCALARS) break;
      seen += 1;
      if (seen > file.read) keep(found, file, prefix, scalar);
    }
  } catch (error) {
    if (error instanceof DomainError) return { series: [], seen: file.read, problem: error.message }; // its bytes rotted: nothing of it is to be believed, now or later
    if (!(error instanceof BadEventFile)) throw error;
    problem = error.message;
  }
  return { series: [...found.values()], seen: Math.max(seen, file.read), problem };
}

function keep(found: Map<string, Series>, file: EventFile, prefix: string, { tag, step, time, value }: Scalar): void {
  const key = metricKeyOf(prefix + tag);
  if (key === null) return;
  const series = found.get(key) ?? { runId: file.run, attemptId: file.attempt, key, steps: [], times: [], values: [] };
  found.set(key, series);
  series.steps.push(step);
  series.times.push(time);
  series.values.push(value);
}
