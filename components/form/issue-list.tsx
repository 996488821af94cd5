"use client";
import { useEffect, useRef } from "react";
import type { FieldIssue } from "../../domain/shared/errors.ts";
import { WhyBox } from "../ui/why-box.tsx";
import { fieldLabel } from "./issues.ts";
import classes from "./form.module.css";

function focusField(field: string): void {
  const escaped = CSS.escape(field);
  const input = document.querySelector<HTMLElement>(`[name="${escaped}"], [data-path="${escaped}"], #${escaped}`);
  input?.focus();
  input?.scrollIntoView({ block: "center" });
}

/** All that is wrong, at the top of the form, each a way to its field. Takes the focus when it appears. */
export function IssueList({ issues, failure, labels }: { issues: readonly FieldIssue[]; failure: { message: string; requestId: string | null } | null; labels?: Readonly<Record<string, string>> }) {
  const box = useRef<HTMLDivElement>(null);
  const count = issues.length + (failure ? 1 : 0);
  useEffect(() => {
    if (count > 0) box.current?.focus();
  }, [count]);
  if (count === 0) return null;
  return (
    <div ref={box} tabIndex={-1} className={classes.issues}>
      <WhyBox
        tone="bad"
        title={failure ? failure.message : count === 1 ? "One thing to correct" : `${count} things to correct`}
        detail={failure ? failure.requestId && <>Request <code>{failure.requestId}</code>.</> : (
          <ul className={classes.issueItems}>
            {issues.map((issue) => (
              <li key={`${issue.field} ${issue.message}`}>
                <button type="button" className={classes.issueLink} onClick={() => focusField(issue.field)}>{fieldLabel(issue.field, labels)}{issue.line ? ` (line ${issue.line})` : ""}</button>: {issue.message}
              </li>
            ))}
          </ul>
        )}
      />
    </div>
  );
}
