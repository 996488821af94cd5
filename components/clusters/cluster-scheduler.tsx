"use client";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useTRPC } from "../providers/api.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Section } from "../ui/page-header.tsx";
import { Ago } from "../ui/time.tsx";
import classes from "./clusters.module.css";
import { ForeignJobs } from "./scheduler/foreign-jobs.tsx";
import { Partitions, Qos, Reservations } from "./scheduler/surroundings.tsx";

/** What the cluster's own scheduler has: jobs that others gave to it, partitions, reservations, qualities of service. */
export function ClusterScheduler({ id }: { id: string }) {
  const trpc = useTRPC();
  const seen = useSuspenseQuery(trpc.clusters.scheduler.queryOptions({ id })).data;
  if (!seen) return <EmptyState title="No scheduler has been seen here">The agent of a Slurm cluster tells of its partitions, limits and jobs. Start it with <span className="mono nowrap">--driver slurm</span> on a host where <span className="mono">squeue</span> works.</EmptyState>;
  return (
    <>
      <p className={classes.note}>As the agent told <Ago at={seen.seenAt} />. Drover reads this and changes none of it.</p>
      <ForeignJobs seen={seen} />
      <Section title="Partitions" count={seen.partitions.length}><Partitions rows={seen.partitions} /></Section>
      {seen.reservations.length > 0 && <Section title="Reservations" count={seen.reservations.length}><Reservations rows={seen.reservations} /></Section>}
      {seen.qos.length > 0 && <Section title="Quality of service" count={seen.qos.length}><Qos rows={seen.qos} /></Section>}
    </>
  );
}
