import Link from "next/link";
import { plural } from "../../../domain/shared/format.ts";
import classes from "./reports.module.css";

/** Under a chart or table of a report: how many runs it found, which it could not, and where to look at them closely. */
export function SetFoot({ said, missing, href, link }: { said: string; missing: number; href: string | null; link: string }) {
  return (
    <figcaption className={classes.foot}>
      <span>{said}{missing > 0 && `, ${plural(missing, "other")} deleted or not yours to see`}</span>
      {href && <Link href={href}>{link}</Link>}
    </figcaption>
  );
}
