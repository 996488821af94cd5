import type { PeriodRow } from "../../domain/costs/period-view.ts";
import { ToneIcon } from "../ui/status-badge.tsx";
import type { StatusIcon, Tone } from "../ui/status-tones.ts";
import classes from "./costs.module.css";

const LOOK: Record<PeriodRow["state"], { word: string; tone: Tone; icon: StatusIcon }> = {
  open: { word: "Open", tone: "neutral", icon: "clock" },
  requested: { word: "Close asked for", tone: "warn", icon: "half" },
  closed: { word: "Closed", tone: "good", icon: "check" },
};

export function PeriodState({ state }: { state: PeriodRow["state"] }) {
  const { word, tone, icon } = LOOK[state];
  return <span className={classes.state}><ToneIcon icon={icon} tone={tone} /> {word}</span>;
}
