import { z } from "zod";
import { MODEL_LIMITS, STAGES, stageOf } from "../../../../domain/models/registry.ts";
import { createVersion, deleteVersion, describeVersion, moveToStage, tagVersion } from "../../../models/commands/versions.ts";
import { searchVersions, type VersionRow } from "../../../models/queries/registry.ts";
import type { MlflowCtx } from "../caller.ts";
import { createOnce } from "../create-once.ts";
import { refuse } from "../errors.ts";
import { type MlflowRoute, type RawRequest, route } from "../mount.ts";
import { modelOf, originOf, versionOf } from "../registry-found.ts";
import { textsOf, versionsToWire } from "../registry-wire.ts";
import { IdText, OptionalInt, OptionalText, Pairs, Texts } from "../wire.ts";
import { checkDescription, checkLimit, checkTag } from "./registered-models.ts";

const READ = { permission: "models:read", forRuns: true } as const;
const REGISTER = { permission: "models:write", forRuns: true } as const;
const WRITE = { permission: "models:write" } as const;
const PROMOTE = { permission: "models:promote" } as const;

const Version = z.object({ name: OptionalText, version: IdText.optional() });
type Version = z.output<typeof Version>;
const Create = z.object({ name: OptionalText, source: OptionalText, run_id: OptionalText, run_link: OptionalText, description: OptionalText, model_id: OptionalText, tags: Pairs });
const Search = z.object({ filter: OptionalText, max_results: OptionalInt, order_by: Texts, page_token: OptionalText });
const Flag = z.preprocess((value) => (value === "true" ? true : value === "false" ? false : value), z.boolean().nullish());

export const modelVersionRoutes: MlflowRoute[] = [
  route("POST", "model-versions/create", REGISTER, Create, create),
  route("GET", "model-versions/get", READ, Version, async (ctx, asked) => {
    const { model, row } = await versionOf(ctx, asked.name, asked.version);
    return send(ctx, model.name, row);
  }),
  route("PATCH", "model-versions/update", WRITE, Version.extend({ description: OptionalText }), async (ctx, asked) => {
    const { model, row } = await versionOf(ctx, asked.name, asked.version);
    return send(ctx, model.name, await describeVersion(ctx, model, row.version, checkDescription(asked.description)));
  }),
  route("DELETE", "model-versions/delete", PROMOTE, Version, async (ctx, asked) => {
    const { model, row } = await versionOf(ctx, asked.name, asked.version);
    await deleteVersion(ctx, model, row.version);
    return {};
  }),
  route(["GET", "POST"], "model-versions/search", READ, Search, search),
  route("POST", "model-versions/transition-stage", PROMOTE, Version.extend({ stage: OptionalText, archive_existing_versions: Flag }), transition),
  route("GET", "model-versions/get-download-uri", READ, Version, async (ctx, asked) => {
    const { row } = await versionOf(ctx, asked.name, asked.version);
    return { artifact_uri: row.location };
  }),
  route("POST", "model-versions/set-tag", WRITE, Version.extend({ key: OptionalText, value: OptionalText }), async (ctx, { key, value, ...asked }) => setTag(ctx, asked, checkTag(key, value), value ?? "")),
  route("DELETE", "model-versions/delete-tag", WRITE, Version.extend({ key: OptionalText }), async (ctx, { key, ...asked }) => setTag(ctx, asked, checkTag(key), null)),
];

async function send(ctx: MlflowCtx, name: string, version: VersionRow) {
  const [model_version] = await versionsToWire(ctx.db, [{ version, name }]);
  return { model_version };
}

async function create(ctx: MlflowCtx, input: z.output<typeof Create>, request: RawRequest) {
  const model = await modelOf(ctx, input.name);
  const source = input.source || refuse("Missing value for required parameter 'source'.");
  for (const { key, value } of input.tags) checkTag(key, value);
  const origin = await originOf(ctx, { ...input, source });
  const given = { ...origin, runLink: input.run_link || null, description: checkDescription(input.description), tags: textsOf(input.tags) };
  const version = await createOnce(ctx, request, async (claim) => String((await createVersion(ctx, model, given, claim)).version));
  return send(ctx, model.name, (await versionOf(ctx, model.name, version)).row);
}

async function search(ctx: MlflowCtx, input: z.output<typeof Search>) {
  const limit = checkLimit(input.max_results, 10_000, MODEL_LIMITS.versionsPage);
  const { rows, nextPageToken } = await searchVersions(ctx.db, ctx.project.id, { filter: input.filter ?? "", orderBy: input.order_by, limit, pageToken: input.page_token || null });
  return { model_versions: await versionsToWire(ctx.db, rows), ...(nextPageToken ? { next_page_token: nextPageToken } : {}) };
}

async function transition(ctx: MlflowCtx, input: Version & { stage?: string | undefined; archive_existing_versions?: boolean | null | undefined }) {
  const { model, row } = await versionOf(ctx, input.name, input.version);
  const stage = stageOf(input.stage ?? "") ?? refuse(`Invalid Model Version stage: ${input.stage ?? ""}. Value must be one of ${STAGES.join(", ")}.`);
  return send(ctx, model.name, await moveToStage(ctx, model, row.version, { stage, archiveOthers: input.archive_existing_versions ?? false }));
}

async function setTag(ctx: MlflowCtx, asked: Version, key: string, value: string | null) {
  const { model, row } = await versionOf(ctx, asked.name, asked.version);
  await tagVersion(ctx, model, row.version, { key, value });
  return {};
}
