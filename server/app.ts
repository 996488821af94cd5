import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { isUntaken, UNTAKEN_WORDS } from "../db/refused.ts";
import { HTTP_STATUS, DomainError } from "../domain/shared/errors.ts";
import { auth, signIn } from "./access/auth.ts";
import { open } from "./access/guard.ts";
import { refuseForeignOrigin } from "./access/same-origin.ts";
import { addressOf } from "./client-address.ts";
import { compressJson } from "./compress.ts";
import { log } from "./log.ts";
import { NOT_KEPT } from "./not-kept.ts";
import { outageOf } from "./outage.ts";
import { mountRoutes } from "./routes.ts";
import { createTrpcContext } from "./trpc/init.ts";
import { appRouter } from "./trpc/root.ts";

const TRPC_BODY = 4 * 1024 * 1024;
const AUTH_BODY = 64 * 1024;

/** For what answers by itself, as better-auth does. */
const keepNone: MiddlewareHandler = async (c, next) => {
  await next();
  c.res.headers.set("cache-control", NOT_KEPT["cache-control"]);
};

/** The machine paths: everything under /api, in front of Next. */
export function buildApp(): Hono {
  const app = new Hono();
  app.use("*", async (c, next) => {
    c.header("cache-control", NOT_KEPT["cache-control"]); // for what is answered through the context; before, since looking into an answer costs time
    await next();
  });
  app.use("/api/trpc/*", compressJson());
  app.use("/mlflow/*", compressJson());
  const atMost = (maxSize: number) => bodyLimit({ maxSize, onError: (c) => c.json({ error: "too_large", message: `The request is larger than ${maxSize} bytes.` }, 413) });
  const limit = atMost(TRPC_BODY);
  app.use("/api/trpc/*", (c, next) => (c.req.method === "GET" ? next() : limit(c, next))); // asking a GET for a body makes a whole Request of it, at the price of a query
  app.use("/api/trpc/*", async (c, next) => {
    refuseForeignOrigin(c.req.raw);
    await next();
  });
  app.all("/api/trpc/*", open("every procedure declares its own permission"), (c) =>
    fetchRequestHandler({
      endpoint: "/api/trpc",
      req: c.req.raw,
      router: appRouter,
      createContext: ({ req }) => createTrpcContext(req.headers),
      allowBatching: true,
      allowMethodOverride: true, // a spec to plan does not fit into a URL
      maxBatchSize: 30,
      responseMeta: () => ({ headers: NOT_KEPT }),
    }),
  );
  // Only what the console uses: sign-up, profile and password go through access.* procedures, with their audit entries.
  app.post("/api/auth/sign-in/email", open("signing in"), keepNone, atMost(AUTH_BODY), (c) => signIn(c.req.raw, addressOf(c)));
  app.post("/api/auth/sign-out", open("signing out"), keepNone, atMost(AUTH_BODY), (c) => auth().handler(c.req.raw));
  mountRoutes(app);
  app.notFound((c) => c.json({ error: "not_found", message: "There is no such path." }, 404));
  app.onError((thrown, c) => {
    const error = outageOf(thrown) ?? thrown;
    if (error instanceof DomainError) return c.json({ error: error.code, message: error.message, issues: error.issues }, HTTP_STATUS[error.code] as 400);
    if (isUntaken(error)) {
      log().warn({ err: error, path: c.req.path }, "a value that the database does not take, in a route");
      return c.json({ error: "invalid", message: UNTAKEN_WORDS }, HTTP_STATUS.invalid as 400);
    }
    log().error({ err: error, path: c.req.path }, "unexpected error in a route");
    return c.json({ error: "internal", message: "The server failed on this request; nothing was changed." }, 500);
  });
  return app;
}
