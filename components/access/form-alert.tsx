import { WhyBox } from "../ui/why-box.tsx";
import classes from "./access.module.css";

/** Why the form was refused, above its fields; read out when it appears. */
export function FormAlert({ message }: { message: string | null }) {
  return <div className={classes.alert} aria-live="assertive">{message && <WhyBox tone="bad" title={message} />}</div>;
}
