import { z } from "zod";
import { cut, MLFLOW_LIMITS, MLFLOW_STATUSES, nameProblem } from "../../../../domain/experiments/mlflow-words.ts";
import { JSON_NOT_KEPT } from "../../../not-kept.ts";
import { createClientRun, PARENT_TAG, setRunDeleted, updateClientRun } from "../../commands/mlflow-runs.ts";
import { loadRunInfo, loadRunTexts } from "../../queries/mlflow-runs.ts";
import { isOwn, type MlflowCtx } from "../caller.ts";
import { createOnce } from "../create-once.ts";
import { MlflowError, refuse } from "../errors.ts";
import { activeExperimentOf, activeRunOf, runOf } from "../found.ts";
import { type MlflowRoute, type RawRequest, route } from "../mount.ts";
import { IdText, OptionalInt, OptionalText, Pairs } from "../wire.ts";

export const RunIds = z.object({ run_id: OptionalText, run_uuid: OptionalText });
const READ = { permission: "runs:read", forRuns: true } as const;
const WRITE = { permission: "runs:log" } as const;
const LOG = { permission: "runs:log", forRuns: true } as const;

const Create = z.object({ experiment_id: IdText.optional(), user_id: OptionalText, run_name: OptionalText, start_time: OptionalInt, tags: Pairs });
const Update = RunIds.extend({ status: z.enum(MLFLOW_STATUSES).nullish(), end_time: OptionalInt, run_name: OptionalText });

export const runRoutes: MlflowRoute[] = [
  route("POST", "runs/create", LOG, Create, create),
  route("GET", "runs/get", READ, RunIds, async (ctx, ids) => sendRun(ctx, (await runOf(ctx, ids)).id)),
  route("POST", "runs/update", LOG, Update, update),
  route("POST", "runs/delete", WRITE, RunIds, async (ctx, ids) => setDeleted(ctx, ids, true)),
  route("POST", "runs/restore", WRITE, RunIds, async (ctx, ids) => setDeleted(ctx, ids, false)),
];

/** The answer of `runs/get` and `runs/create`. The text of a run comes from Postgres as it is. */
async function sendRun(ctx: MlflowCtx, id: string): Promise<Response> {
  const [run] = await loadRunTexts(ctx.db, [id]);
  return new Response(`{"run":${run}}`, { headers: JSON_NOT_KEPT });
}

/** Moments that a database can hold: up to the year 9999. */
function checkTime(name: string, time: number | undefined): number | null {
  if (time === undefined) return null;
  return time >= 0 && time < 253_402_300_800_000 ? time : refuse(`Invalid value for parameter '${name}': expected Unix milliseconds.`);
}

async function create(ctx: MlflowCtx, input: z.output<typeof Create>, request: RawRequest): Promise<Response> {
  const experiment = await activeExperimentOf(ctx, input.experiment_id || (ctx.onlyRun?.experimentId ?? "0"));
  for (const { key } of input.tags) {
    const problem = nameProblem("tag", key);
    if (problem) refuse(problem);
  }
  const tags = input.tags.map(({ key, value }) => ({ key, value: cut(value, MLFLOW_LIMITS.tagLength) }));
  const named = tags.find(({ key }) => key === "mlflow.runName");
  if (input.run_name && named && named.value !== input.run_name) refuse("Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values.");
  const startTime = checkTime("start_time", input.start_time) || null; // 0 is proto3's absent
  const inside = await insideOf(ctx, tags);
  const of = { projectId: ctx.project.id, experiment, name: input.run_name || null, user: input.user_id || null, startTime, tags: inside?.tags ?? tags, inside };
  return sendRun(ctx, await createOnce(ctx, request, (claim) => createClientRun(ctx, of, claim)));
}

/** What the token of a run makes is a child of that run, or of one of its children, whether the client says so or not; null for any other caller. */
async function insideOf(ctx: MlflowCtx, tags: { key: string; value: string }[]) {
  if (!ctx.onlyRun) return null;
  const { id, ownerType, ownerId } = ctx.onlyRun;
  const parent = tags.findLast(({ key }) => key === PARENT_TAG)?.value ?? id;
  if (!(await isOwn(ctx, parent))) throw new MlflowError("PERMISSION_DENIED", `The token of a run can make runs inside of its own run, ${id}, and not inside of ${cut(parent, 80)}.`);
  return { attemptId: ctx.actor.id, ownerType, ownerId, tags: [...tags, { key: PARENT_TAG, value: parent }] };
}

async function update(ctx: MlflowCtx, input: z.output<typeof Update>) {
  const run = await activeRunOf(ctx, input);
  await updateClientRun(ctx, run, { status: input.status ?? null, endTime: checkTime("end_time", input.end_time), name: input.run_name ? cut(input.run_name, MLFLOW_LIMITS.runName) : null });
  return { run_info: await loadRunInfo(ctx.db, run.id) };
}

async function setDeleted(ctx: MlflowCtx, ids: z.output<typeof RunIds>, isDeleted: boolean) {
  await setRunDeleted(ctx, await runOf(ctx, ids), ctx.project.id, isDeleted);
  return {};
}
