/** What tRPC hands over when a call failed: without `data` no server has answered. */
export interface ApiFailure {
  message: string;
  data?: { requestId?: string | null } | null;
}

/** The server's own words, or that it has not answered: what browsers say of that is for nobody. */
export function failureWords(error: unknown): string {
  const { message, data } = error as ApiFailure;
  return data ? message : "The server did not answer. Trying again is safe.";
}
