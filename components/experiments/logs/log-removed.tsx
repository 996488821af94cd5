"use client";
import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "../../providers/api.tsx";
import { Ago } from "../../ui/time.tsx";

/** By which rule of the organization a run's log went, and when. */
export function LogRemoved({ runId }: { runId: string }) {
  const { data } = useQuery(useTRPC().storage.removal.queryOptions({ id: runId, what: "logs" }));
  return <>{data ? <>{data.message} <Ago at={data.at} /></> : "A rule of the organization removed it."}</>;
}
