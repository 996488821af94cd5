import type { HttpBindings } from "@hono/node-server";
import type { Context, Hono } from "hono";
import type { z } from "zod";
import type { Permission } from "../../../domain/access/permissions.ts";
import { declareAccess, open } from "../../access/guard.ts";
import { enterProject, type MlflowCtx } from "./caller.ts";
import { MlflowError, toResponse } from "./errors.ts";
import { parseJson, queryOf } from "./wire.ts";

/** Clients of one project set MLFLOW_TRACKING_URI to `<server><MLFLOW_ROOT>` with its slug. */
export const MLFLOW_ROOT = "/mlflow/p/:project";
/** Bytes of a request's body. MLflow's own limit of a batch is 1 MB; its clients cut larger ones. */
export const MAX_BODY = 8 * 1024 * 1024;

/** One route of MLflow's REST API, as declared by `route()`. */
export interface MlflowRoute {
  methods: ("GET" | "POST" | "PATCH" | "DELETE")[];
  /** Below `mlflow/`, such as `runs/create`; `:name` is a part of the path, given to the schema with the rest. */
  path: string;
  permission: Permission;
  forRuns: boolean;
  handle: (ctx: MlflowCtx, input: unknown, raw: RawRequest) => Promise<unknown>;
}

/** The request as it came: equal bytes to the same path may be a repeated one. */
export interface RawRequest {
  path: string;
  bytes: Uint8Array;
  /** Settles when the answer has left, or when its connection is gone: false where that came first. */
  answered: () => Promise<boolean>;
}

/**
 * Declares a route: what it needs, what it takes, what it answers. `forRuns`: the token of an attempt may come too, and the
 * handler holds it to its own run. An answer that is a Response is sent as it is, any other as JSON.
 */
export function route<Schema extends z.ZodType>(
  method: MlflowRoute["methods"][number] | MlflowRoute["methods"],
  path: string,
  needs: { permission: Permission; forRuns?: boolean },
  input: Schema,
  handle: (ctx: MlflowCtx, input: z.output<Schema>, raw: RawRequest) => Promise<unknown>,
): MlflowRoute {
  return { methods: [method].flat(), path, permission: needs.permission, forRuns: needs.forRuns ?? false, handle: (ctx, given, raw) => handle(ctx, input.parse(given), raw) };
}

/** The same API under both of MLflow's prefixes, below each project. */
export function mountMlflowRoutes(app: Hono, routes: MlflowRoute[]): void {
  for (const one of routes) {
    for (const api of ["api", "ajax-api"]) app.on(one.methods, `${MLFLOW_ROOT}/${api}/2.0/mlflow/${one.path}`, declareAccess(one.permission), (c) => answer(c, one));
  }
}

/** After every MLflow route: what clients ask before they log, and the one answer for paths that there are not. */
export function mountMlflowRest(app: Hono): void {
  app.get(`${MLFLOW_ROOT}/health`, open("says only that the process answers"), (c) => c.text("OK"));
  app.get(`${MLFLOW_ROOT}/version`, open("the version of the API, which is public"), (c) => c.text(API_VERSION));
  for (const path of TRACES) app.all(`${MLFLOW_ROOT}${path}`, open("says only what is not kept here"), (c) => toResponse(NO_TRACES, c.req.path));
  app.all("/mlflow/*", open("there is no such path, for nobody"), (c) => toResponse(new MlflowError("ENDPOINT_NOT_FOUND", `There is no ${c.req.method} ${c.req.path} here.`), c.req.path));
}

const TRACES = ["/v1/traces", ...["api", "ajax-api"].flatMap((api) => ["2.0", "3.0"].flatMap((version) => [`/${api}/${version}/mlflow/traces`, `/${api}/${version}/mlflow/traces/*`]))];
/** 501: clients do not try that again. */
const NO_TRACES = new MlflowError("NOT_IMPLEMENTED", "Drover keeps no traces. Send them to an OpenTelemetry collector of yours, or turn tracing off with mlflow.tracing.disable().");

/** MLflow's version whose routes these are. */
const API_VERSION = "3.1.4";

async function answer(c: Context, { permission, forRuns, handle }: MlflowRoute): Promise<Response> {
  try {
    const ctx = await enterProject(c.req.raw, c.req.param("project")!, permission, forRuns);
    const bytes = await bodyOf(c.req.raw);
    const body = bytes.length > 0 ? parseJson(new TextDecoder().decode(bytes)) : {};
    if (typeof body !== "object" || body === null || Array.isArray(body)) throw new MlflowError("BAD_REQUEST", "The body must be a JSON object.");
    const { project: _slug, ...path } = c.req.param() as Record<string, string>;
    const result = await handle(ctx, { ...queryOf(c.req.url), ...body, ...path }, { path: c.req.path, bytes, answered: () => answerOf(c) });
    return result instanceof Response ? result : c.json(result as object);
  } catch (error) {
    return toResponse(error, c.req.path);
  }
}

/** Where there is no connection, as in tests, every answer arrives. */
function answerOf(c: Context): Promise<boolean> {
  const { outgoing } = (c.env ?? {}) as Partial<HttpBindings>;
  if (!outgoing) return Promise.resolve(true);
  return new Promise((settle) => {
    const say = () => settle(outgoing.writableFinished);
    if (outgoing.destroyed) say();
    else outgoing.once("close", say);
  });
}

/** @throws MlflowError 413 before more than the limit was read. */
export async function bodyOf(request: Request): Promise<Uint8Array> {
  const tooLarge = () => new MlflowError("REQUEST_TOO_LARGE", `A request may have at most ${MAX_BODY} bytes. Log in smaller batches.`);
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY) throw tooLarge();
  if (!request.body) return new Uint8Array();
  if (request.headers.has("content-length")) return new Uint8Array(await request.arrayBuffer());
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of request.body) {
    size += part.length;
    if (size > MAX_BODY) throw tooLarge();
    parts.push(part);
  }
  return Buffer.concat(parts);
}
