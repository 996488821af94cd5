"use client";
import { useQueryClient } from "@tanstack/react-query";
import { useTRPC } from "../../providers/api.tsx";

/** Asks again for everything that shows teams and projects. */
export function useRefetchTree() {
  const trpc = useTRPC();
  const queries = useQueryClient();
  return () => Promise.all(["teams", "viewer", "grantable"].map((name) => queries.invalidateQueries(trpc.access[name as "teams"].pathFilter())));
}
