import type { Hono, MiddlewareHandler } from "hono";
import type { Answer } from "./endpoint.ts";

/** Logs, metrics, telemetry, objects and artifacts. */
export function mountStreams(_app: Hono, _open: MiddlewareHandler, _answer: Answer): void {}
