import Link from "next/link";
import type { Overview } from "../../domain/experiments/run-view.ts";
import { Ago } from "../ui/time.tsx";
import classes from "./overview.module.css";

/** Who did what, newest first. */
export function Activity({ entries }: { entries: Overview["activity"] }) {
  return (
    <ul className={classes.activity}>
      {entries.map((entry) => (
        <li key={entry.id} className={classes.act}>
          <span className={classes.actText}>
            {entry.href ? <Link href={entry.href}>{entry.message}</Link> : entry.message}
            {" "}<span className={classes.actBy}>· {entry.actor}</span>
          </span>
          <span className={classes.actAt}><Ago at={entry.at} /></span>
        </li>
      ))}
    </ul>
  );
}
