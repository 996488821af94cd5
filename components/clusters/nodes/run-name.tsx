import Link from "next/link";
import { paths } from "../../../paths.ts";
import { useOrg } from "../../providers/viewer.tsx";
import { Name } from "../../ui/id.tsx";
import classes from "../clusters.module.css";

/** The run that holds something; only a word where the viewer may not see it. */
export function RunName({ run, max }: { run: { id: string; name: string }; max: number }) {
  const org = useOrg();
  if (run.id === "") return <span className="dim">{run.name}</span>;
  return <Link href={paths.run(org, run.id)} className={classes.runLink}><Name value={run.name} max={max} /></Link>;
}
