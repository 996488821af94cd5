import { Skeleton } from "@mantine/core";

export function OverviewSkeleton() {
  return <Skeleton height={300} />;
}
