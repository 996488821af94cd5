import classes from "./ui.module.css";

export interface Fact {
  label: string;
  value: React.ReactNode;
}

/** The strip of facts under a detail page's title. */
export function KeyFacts({ items }: { items: Fact[] }) {
  return (
    <dl className={classes.facts}>
      {items.map((item) => (
        <div key={item.label} className={classes.fact}>
          <dt>{item.label}</dt>
          <dd>{item.value}</dd>
        </div>
      ))}
    </dl>
  );
}
