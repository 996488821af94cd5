import { Skeleton } from "@mantine/core";
import classes from "../experiments.module.css";

/** The frame of a run's page: name, facts and tabs where they will be. */
export function RunShellSkeleton() {
  return (
    <div aria-busy="true" role="status" aria-label="Loading run">
      <Skeleton width={280} height={24} mb={8} />
      <Skeleton width={420} height={14} mb={16} />
      <Skeleton height={54} mb={16} />
      <Skeleton width={460} height={34} mb={16} />
      <TabSkeleton />
    </div>
  );
}

export function TabSkeleton() {
  return (
    <div className={classes.columns} aria-busy="true" role="status" aria-label="Loading">
      <Skeleton height={320} />
      <Skeleton height={220} />
    </div>
  );
}
