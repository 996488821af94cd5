"use client";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useTRPC } from "../providers/api.tsx";

export function useModel(id: string) {
  return useSuspenseQuery(useTRPC().models.get.queryOptions({ id })).data;
}

/** After a change: everything shown of models is asked for again. */
export function useRefreshModels(): () => Promise<void> {
  const client = useQueryClient();
  const trpc = useTRPC();
  return () => client.invalidateQueries({ queryKey: trpc.models.pathKey() });
}
