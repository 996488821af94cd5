"use client";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import type { ClusterDetail } from "../../domain/clusters/cluster-view.ts";
import { useTRPC } from "../providers/api.tsx";

/** Measured values arrive without a change event: they are asked for anew while the page is seen. */
const MEASURED_EVERY_MS = 10_000;

export function useCluster(id: string): ClusterDetail {
  const trpc = useTRPC();
  return useSuspenseQuery({ ...trpc.clusters.get.queryOptions({ id }), refetchInterval: MEASURED_EVERY_MS }).data;
}

/** After an act the page shows what the server says, never a guess. */
export function useRefreshClusters(): () => Promise<unknown> {
  const trpc = useTRPC();
  const client = useQueryClient();
  return () => Promise.all([trpc.clusters.get, trpc.clusters.list, trpc.clusters.events, trpc.clusters.findings].map((procedure) => client.invalidateQueries(procedure.pathFilter())));
}
