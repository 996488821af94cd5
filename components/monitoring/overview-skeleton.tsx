import { Skeleton } from "@mantine/core";
import { PageHeader, Section } from "../ui/page-header.tsx";
import { TableSkeleton } from "../table/table-skeleton.tsx";
import { RUNNING_COLUMNS } from "./run-lines.tsx";
import classes from "./overview.module.css";

/** The overview's frame while its data comes. */
export function OverviewSkeleton() {
  return (
    <div aria-busy="true">
      <PageHeader title="Overview" actions={<Skeleton width={96} height={32} />} />
      <Skeleton height={42} radius="md" />
      <div className={classes.figures}>
        {["Active", "Waiting", "Failed, 24 h", "Ended, 24 h", "Cores in use", "Memory in use"].map((label) => (
          <div key={label} className={classes.figure}>
            <div className={classes.figureLabel}>{label}</div>
            <Skeleton height={18} width={44} my={4} />
          </div>
        ))}
      </div>
      <div className={classes.columns}>
        <Section title="Active now"><TableSkeleton columns={RUNNING_COLUMNS} rows={6} flat /></Section>
        <Section title="Clusters"><Skeleton height={64} my={10} /><Skeleton height={64} my={10} /></Section>
      </div>
    </div>
  );
}
