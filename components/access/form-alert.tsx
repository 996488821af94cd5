import { WhyBox } from "../ui/why-box.tsx";

/** Why the form was refused, above its fields; read out when it appears. */
export function FormAlert({ message }: { message: string | null }) {
  return <div role="alert">{message && <WhyBox tone="bad" title={message} />}</div>;
}
