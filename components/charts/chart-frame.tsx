import classes from "./charts.module.css";

/** Title (the question), unit, tools and a body of fixed height: what is inside may load, be empty or be drawn, nothing moves. */
export function ChartFrame({ title, unit, tools, summary, children }: { title: string; unit?: string | null | undefined; tools?: React.ReactNode; summary: string; children: React.ReactNode }) {
  return (
    <figure className={classes.figure} aria-label={summary}>
      <div className={classes.head}>
        <figcaption className={classes.title} title={title}>
          {title}
          {unit && <span className={classes.unit}>{unit}</span>}
        </figcaption>
        {tools && <div className={classes.tools}>{tools}</div>}
      </div>
      {children}
    </figure>
  );
}

export function ChartLoading({ height }: { height: number }) {
  return <div className={`${classes.state} ${classes.loading}`} style={{ height }} role="img" aria-busy="true" aria-label="Loading chart" />;
}

/** Why there is nothing to draw. */
export function ChartEmpty({ height, children }: { height: number; children: React.ReactNode }) {
  return <div className={classes.state} style={{ height }}>{children}</div>;
}
