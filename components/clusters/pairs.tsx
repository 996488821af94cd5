import classes from "./clusters.module.css";

/** Names and values in two columns. */
export function Pairs({ label, items }: { label: string; items: readonly (readonly [string, React.ReactNode])[] }) {
  return (
    <dl className={classes.pairs} aria-label={label}>
      {items.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
    </dl>
  );
}
