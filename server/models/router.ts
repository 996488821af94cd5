import { DescribeModel, ListDatasets, ListModelEvents, ListModels, ListVersions, MoveToStage, OneModel, OneVersion, RegisterFromRun, RemoveAlias, SetAlias, TagModel } from "../../domain/models/inputs.ts";
import { procedure, router } from "../trpc/init.ts";
import { modelFor, registerFromRun } from "./commands/acts.ts";
import { deleteModel, describeModel, tagModel } from "./commands/registered.ts";
import { deleteAlias, deleteVersion, describeVersion, moveToStage, setAlias, tagVersion } from "./commands/versions.ts";
import { listDatasets } from "./queries/datasets.ts";
import { getModel, listModelEvents, listModels, listVersions } from "./queries/pages.ts";
import { getVersion } from "./queries/version.ts";

export const modelsRouter = router({
  list: procedure("models:read").input(ListModels).query(({ ctx, input }) => listModels(ctx.db, ctx.grant, input)),
  get: procedure("models:read").input(OneModel).query(({ ctx, input }) => getModel(ctx, input.id)),
  versions: procedure("models:read").input(ListVersions).query(({ ctx, input }) => listVersions(ctx.db, ctx.grant, input)),
  version: procedure("models:read").input(OneVersion).query(({ ctx, input }) => getVersion(ctx, input.id, input.version)),
  events: procedure("models:read").input(ListModelEvents).query(({ ctx, input }) => listModelEvents(ctx.db, ctx.grant, input)),
  datasets: procedure("runs:read").input(ListDatasets).query(({ ctx, input }) => listDatasets(ctx.db, ctx.grant, input)),

  register: procedure("models:write").input(RegisterFromRun).mutation(({ ctx, input }) => registerFromRun(ctx, input)),
  describe: procedure("models:write").input(DescribeModel).mutation(async ({ ctx, input: { id, version, description } }) => {
    const model = await modelFor(ctx, id);
    await (version === undefined ? describeModel(ctx, model, description) : describeVersion(ctx, model, version, description));
  }),
  tag: procedure("models:write").input(TagModel).mutation(async ({ ctx, input: { id, version, key, value } }) => {
    const model = await modelFor(ctx, id);
    await (version === undefined ? tagModel(ctx, model, key, value) : tagVersion(ctx, model, version, { key, value }));
  }),
  setAlias: procedure("models:promote").input(SetAlias).mutation(async ({ ctx, input }) => setAlias(ctx, await modelFor(ctx, input.id), input.alias, input.version)),
  removeAlias: procedure("models:promote").input(RemoveAlias).mutation(async ({ ctx, input }) => deleteAlias(ctx, await modelFor(ctx, input.id), input.alias)),
  move: procedure("models:promote").input(MoveToStage).mutation(async ({ ctx, input }) => {
    await moveToStage(ctx, await modelFor(ctx, input.id), input.version, input);
  }),
  removeVersion: procedure("models:promote").input(OneVersion).mutation(async ({ ctx, input }) => deleteVersion(ctx, await modelFor(ctx, input.id), input.version)),
  remove: procedure("models:promote").input(OneModel).mutation(async ({ ctx, input }) => deleteModel(ctx, await modelFor(ctx, input.id))),
});
