/** What tRPC hands a component when a call failed: see server/trpc/errors.ts. */
export interface ApiError {
  message: string;
  data?: { domainCode?: string | null; requestId?: string | null; issues?: { field: string; message: string }[] } | null;
}

/** Messages by field name, for `form.setErrors`. Empty when the error names no field. */
export function fieldErrors(error: unknown): Record<string, string> {
  const issues = (error as ApiError).data?.issues ?? [];
  return Object.fromEntries(issues.filter((issue) => issue.field).map((issue) => [issue.field, issue.message]));
}

/** The words above a form: the message, and the request id where the server failed. */
export function formError(error: unknown): string {
  const { message, data } = error as ApiError;
  return data && !data.domainCode && data.requestId ? `${message} Request ${data.requestId}.` : message;
}
