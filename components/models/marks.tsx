import type { Stage } from "../../domain/models/registry.ts";
import { ToneIcon } from "../ui/status-badge.tsx";
import type { StatusIcon, Tone } from "../ui/status-tones.ts";
import classes from "./models.module.css";

const STAGE_LOOK: Record<Stage, { tone: Tone; icon: StatusIcon }> = {
  None: { tone: "neutral", icon: "ring" },
  Staging: { tone: "active", icon: "half" },
  Production: { tone: "good", icon: "check" },
  Archived: { tone: "neutral", icon: "dash" },
};

export function StageMark({ stage }: { stage: Stage }) {
  const { tone, icon } = STAGE_LOOK[stage];
  return <span className={classes.stage}><ToneIcon icon={icon} tone={tone} size={12} /> {stage}</span>;
}

/** Beside the name of what is registered like a model and is none. */
export const PromptMark = () => <span className={classes.prompt} title="A text that MLflow's clients register like a model">prompt</span>;

/** Aliases, each with the version it points at where that is not clear from the row. */
export function Aliases({ aliases }: { aliases: { alias: string; version?: number }[] }) {
  if (aliases.length === 0) return <span className="dim">—</span>;
  return (
    <span className={classes.aliases}>
      {aliases.map(({ alias, version }) => (
        <span key={alias} className={classes.alias}>@{alias}{version !== undefined && <span className={classes.aliasVersion}>→ {version}</span>}</span>
      ))}
    </span>
  );
}
