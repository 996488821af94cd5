import { Skeleton } from "@mantine/core";
import { PageHeader } from "../../ui/page-header.tsx";
import classes from "./compare.module.css";

/** The comparison's frame while its runs are on their way. */
export function CompareSkeleton() {
  return (
    <>
      <PageHeader title="Compare" />
      <div className={`${classes.layout} ${classes.columns}`} aria-busy="true" role="status" aria-label="Loading comparison">
        <div className={classes.side}><Skeleton height={300} /></div>
        <div style={{ minWidth: 0 }}>
          <div className={classes.tabs}><Skeleton height={34} width={460} /></div>
          <div className={classes.bar}><Skeleton height={32} width={520} /></div>
          <div className={classes.grid}>{[0, 1, 2].map((at) => <Skeleton key={at} height={240} />)}</div>
        </div>
      </div>
    </>
  );
}
