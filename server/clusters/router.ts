import { ClusterRef, CreateCluster, DrainCluster, DrainNode, ListClusterEvents, ListFindings, ReadTelemetry, SetAsideFinding, UpdateCluster } from "../../domain/clusters/inputs.ts";
import { procedure, router } from "../trpc/init.ts";
import { revokeAgent, updateCluster } from "./commands/clusters.ts";
import { drainCluster, drainNode, undrainCluster, undrainNode } from "./commands/drain.ts";
import { setAsideFinding } from "./commands/findings.ts";
import { createCluster, newCode } from "./commands/enrolment.ts";
import { listClusterEvents } from "./queries.ts";
import { listFindings } from "./queries/findings.ts";
import { getClusterDetail, listClusters } from "./queries/read.ts";
import { readScheduler } from "./queries/scheduler.ts";
import { listSlowRanksOn } from "./queries/slow-ranks.ts";
import { readTelemetry } from "./queries/telemetry.ts";
import { readWasteOn } from "./queries/waste.ts";

export const clustersRouter = router({
  list: procedure("clusters:read").query(({ ctx }) => listClusters(ctx)),
  get: procedure("clusters:read").input(ClusterRef).query(({ ctx, input }) => getClusterDetail(ctx, input.id)),
  events: procedure("clusters:read").input(ListClusterEvents).query(({ ctx, input }) => listClusterEvents(ctx.db, ctx.orgId, input)),
  telemetry: procedure("clusters:read").input(ReadTelemetry).query(({ ctx, input }) => readTelemetry(ctx.db, ctx.orgId, input)),
  findings: procedure("clusters:read").input(ListFindings).query(({ ctx, input }) => listFindings(ctx, input.id ?? null)),
  slowRanks: procedure("clusters:read").input(ClusterRef).query(({ ctx, input }) => listSlowRanksOn(ctx, input.id)),
  waste: procedure("clusters:read").input(ClusterRef).query(({ ctx, input }) => readWasteOn(ctx, input.id)),
  scheduler: procedure("clusters:read").input(ClusterRef).query(({ ctx, input }) => readScheduler(ctx.db, ctx.orgId, input.id)),

  create: procedure("clusters:manage").input(CreateCluster).mutation(({ ctx, input }) => createCluster(ctx, input)),
  newCode: procedure("clusters:manage").input(ClusterRef).mutation(({ ctx, input }) => newCode(ctx, input.id)),
  update: procedure("clusters:manage").input(UpdateCluster).mutation(({ ctx, input }) => updateCluster(ctx, input)),
  revokeAgent: procedure("clusters:manage").input(ClusterRef).mutation(({ ctx, input }) => revokeAgent(ctx, input.id)),

  drain: procedure("clusters:drain").input(DrainCluster).mutation(({ ctx, input }) => drainCluster(ctx, input)),
  undrain: procedure("clusters:drain").input(DrainCluster).mutation(({ ctx, input }) => undrainCluster(ctx, input)),
  drainNode: procedure("clusters:drain").input(DrainNode).mutation(({ ctx, input }) => drainNode(ctx, input)),
  setAside: procedure("clusters:drain").input(SetAsideFinding).mutation(({ ctx, input }) => setAsideFinding(ctx, input)),
  undrainNode: procedure("clusters:drain").input(DrainNode).mutation(({ ctx, input }) => undrainNode(ctx, input)),
});
