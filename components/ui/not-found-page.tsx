import { ERROR_ADVICE } from "../../domain/shared/errors.ts";
import classes from "./ui.module.css";

/** For what is missing and what is another's: one answer. `home`: where to go instead. */
export function NotFoundPage({ home }: { home: string }) {
  return (
    <div className={classes.empty}>
      <h1 className={classes.emptyTitle}>There is nothing here</h1>
      <div className={classes.emptyText}>{ERROR_ADVICE.not_found} Check the address, and the organization at its start.</div>
      <div className={classes.emptyAction}><a href={home} className={classes.plainButton}>Go to the overview</a></div>
    </div>
  );
}
