import { betterAuth } from "better-auth";
import { drizzleAdapter } from "better-auth/adapters/drizzle";
import { clients } from "../../db/client.ts";
import { accounts, sessions, users, verifications } from "../../db/schema/access.ts";
import { newId } from "../../db/schema/columns.ts";
import { env } from "../../env.ts";
import { log } from "../log.ts";
import { recordSignIn } from "./commands/sign-in.ts";
import { isOwnOrigin } from "./same-origin.ts";
import { passwordTries } from "./throttle.ts";

/**
 * Sign-in and sessions only. Organizations, roles and invitations are ours: they commit with their audit entries, and
 * better-auth is not the authorizer of resources. Sign-up happens only through the setup link and invitations
 * (server/access/commands/), so its public route is off.
 */
function build() {
  return betterAuth({
    baseURL: env().DROVER_URL,
    basePath: "/api/auth",
    secret: env().DROVER_SECRET,
    telemetry: { enabled: false },
    logger: { log: (level, message) => log()[level]({ by: "better-auth" }, message) },
    database: drizzleAdapter(clients().db, { provider: "pg", schema: { user: users, session: sessions, account: accounts, verification: verifications } }),
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: 10, maxPasswordLength: 256 },
    session: { expiresIn: 60 * 60 * 24 * 14, updateAge: 60 * 60 * 24, cookieCache: { enabled: false } },
    databaseHooks: { session: { create: { after: async (session) => recordSignIn(clients().db, session.userId) } } },
    trustedOrigins: (request) => [env().DROVER_URL, ...ownOrigin(request)],
    advanced: {
      cookiePrefix: "drover",
      useSecureCookies: env().DROVER_URL.startsWith("https:"),
      database: { generateId: ({ model }) => (model === "user" ? newId("user") : crypto.randomUUID()) },
    },
    rateLimit: { enabled: false }, // by account and address instead: throttle.ts
  });
}

/** The console also works under the host it was opened with, such as 127.0.0.1: see same-origin.ts. */
function ownOrigin(request: Request | undefined): string[] {
  const origin = request?.headers.get("origin");
  return origin && isOwnOrigin(origin, request!.headers.get("host")) ? [origin] : [];
}

type Auth = ReturnType<typeof build>;
const shared = globalThis as typeof globalThis & { droverAuth?: Auth };

export function auth(): Auth {
  shared.droverAuth ??= build();
  return shared.droverAuth;
}

/**
 * Signing in, slowed down after failures. better-auth also answers with the session's token; pages never need it, so it stays
 * in the HttpOnly cookie.
 * @param address Of the person's machine, as far as it is known (client-address.ts).
 */
export async function signIn(request: Request, address: string): Promise<Response> {
  const body = (await request.clone().json().catch(() => null)) as { email?: unknown } | null;
  const account = typeof body?.email === "string" ? body.email.trim().toLowerCase().slice(0, 254) : "";
  const guess = passwordTries.attempt(account, address);
  const answer = await auth().handler(request).catch((error: unknown) => {
    guess.undecided();
    throw error;
  });
  if (!answer.ok) {
    if (answer.status !== 401) guess.undecided();
    return answer;
  }
  guess.succeeded();
  return new Response("{}", { status: answer.status, headers: [["content-type", "application/json"], ...answer.headers.getSetCookie().map((cookie): [string, string] => ["set-cookie", cookie])] });
}
