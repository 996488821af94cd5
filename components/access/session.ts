/**
 * Sign in with e-mail and password; the session travels in an HttpOnly cookie.
 * @returns null when signed in, else what to tell the person.
 */
export async function signIn(email: string, password: string): Promise<string | null> {
  const answer = await post("/api/auth/sign-in/email", { email, password });
  if (!answer) return "The server does not answer. Check your connection and try again.";
  if (answer.ok) return null;
  if (answer.status === 401 || answer.status === 400) return "E-mail or password is wrong.";
  if (answer.status === 429) return "Too many wrong passwords. Wait five minutes and try again.";
  return `Signing in failed with status ${answer.status}. Try again.`;
}

/** Ends the session and leaves for the sign-in page with nothing of it in memory. @throws Error when it could not be ended: the person is still signed in. */
export async function signOut(): Promise<void> {
  const answer = await post("/api/auth/sign-out", {});
  if (!answer?.ok) throw new Error(answer ? `The server answered ${answer.status}.` : "The server does not answer.");
  window.location.assign("/sign-in");
}

async function post(path: string, body: unknown): Promise<Response | null> {
  try {
    return await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  } catch {
    return null;
  }
}

/** Where to go after signing in: a path of this console, never another site. */
export function safeNext(next: string | undefined): string {
  return next && /^\/(?![/\\])[^\s\\]*$/.test(next) ? next : "/";
}
