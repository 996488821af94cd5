"use client";
import { useState } from "react";
import type { FieldIssue } from "../../domain/shared/errors.ts";
import { errorsByField, issuesOf } from "./issues.ts";

interface ErrorSink {
  setErrors: (errors: Record<string, React.ReactNode>) => void;
  clearErrors: () => void;
}

/**
 * What a refused mutation says, put where it belongs: named fields get their message (`form.setErrors`), and the list for the top
 * of the form has all of them. `failure` holds what is not about a field.
 * Use: `onError: api.fail`, `onSuccess: …`, `onSubmit: () => { api.clear(); mutate() }`, `<IssueList {...api} />`.
 */
export function useApiErrors(form: ErrorSink, rename?: Readonly<Record<string, string>>) {
  const [issues, setIssues] = useState<FieldIssue[]>([]);
  const [failure, setFailure] = useState<{ message: string; requestId: string | null } | null>(null);
  return {
    issues,
    failure,
    fail: (error: unknown) => {
      const found = issuesOf(error);
      setIssues(found);
      form.setErrors(errorsByField(found, rename));
      const { message, data } = error as { message: string; data?: { requestId?: string | null } | null };
      setFailure(found.length > 0 ? null : { message, requestId: data?.requestId ?? null });
    },
    clear: () => {
      setIssues([]);
      setFailure(null);
      form.clearErrors();
    },
  };
}
