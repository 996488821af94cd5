import { Wordmark } from "../ui/logo.tsx";
import classes from "./access.module.css";

/** The signed-out pages: the wordmark and one column. */
export function AuthFrame({ children }: { children: React.ReactNode }) {
  return (
    <div className={classes.frame}>
      <Wordmark size={20} />
      <main className={classes.frameMain}>
        <div className={classes.frameBody}>{children}</div>
      </main>
    </div>
  );
}

export function AuthHeading({ title, children }: { title: string; children?: React.ReactNode }) {
  return (
    <>
      <h1>{title}</h1>
      {children && <p className={classes.lead}>{children}</p>}
    </>
  );
}
