import type { Hono } from "hono";

/** Every route that is not tRPC or sign-in. Each domain mounts its own; the permission test walks this list. */
export function mountRoutes(app: Hono): void {
  app.get("/api/health", (c) => c.json({ ok: true }));
}
