import { CopyCommand } from "./id.tsx";
import classes from "./ui.module.css";

/** What this place will show, and the command or button that fills it. */
export function EmptyState({ title, children, command, plain, action, icon }: { title: string; children?: React.ReactNode; command?: string; /** The command is a line of a program. */ plain?: boolean; action?: React.ReactNode; icon?: React.ReactNode }) {
  return (
    <div className={classes.empty}>
      {icon && <span style={{ color: "var(--text-faint)" }}>{icon}</span>}
      <div className={classes.emptyTitle}>{title}</div>
      {children && <div className={classes.emptyText}>{children}</div>}
      {(command || action) && (
        <div className={classes.emptyAction}>
          {command && <div style={{ width: "100%", maxWidth: 680 }}><CopyCommand command={command} {...(plain ? { plain, label: "Copy code" } : {})} /></div>}
          {action}
        </div>
      )}
    </div>
  );
}
