import type { Hono, MiddlewareHandler } from "hono";
import { Readable } from "node:stream";
import type { z } from "zod";
import { AGENT_PATHS, ArtifactManifest, CheckpointManifest, LIMITS, LogHeader, MetricBatches, OutsideJobs, Restore, Telemetry, Usage, Witness } from "../../agent/protocol/messages.ts";
import type { Db } from "../../db/client.ts";
import { Sha256 } from "../../domain/shared/ids.ts";
import { artifactPathProblem } from "../../domain/experiments/artifact-path.ts";
import { ingestTelemetry } from "../clusters/commands/telemetry-ingest.ts";
import { ingestUsage } from "../costs/commands/usage-ingest.ts";
import { ingestOutside } from "../costs/commands/outside-ingest.ts";
import { ingestWitness } from "../costs/commands/witness-ingest.ts";
import { ingestManifest } from "../experiments/commands/artifact-ingest.ts";
import { ingestCheckpoint, readRestore } from "../experiments/commands/checkpoints.ts";
import { ingestLogs, type ArrivedChunk } from "../experiments/commands/log-ingest.ts";
import { ingestMetrics } from "../experiments/commands/metric-ingest.ts";
import { storeObject } from "../experiments/commands/objects.ts";
import type { Change } from "../bus.ts";
import { failpoint } from "../failpoint.ts";
import { sha256Hex, type AgentIdentity } from "./authenticate.ts";
import { readBody } from "./body.ts";
import type { AgentContext, Answer, Connector } from "./endpoint.ts";
import { findReadable } from "./queries.ts";
import { parseJson, parseMessage, parseSaid, Refused } from "./refused.ts";
import { servicesFor, type AgentServices } from "./services.ts";

/** Logs, metrics, usage, telemetry, objects and artifacts: each its own stream, acknowledged by offsets or by hash. */
export function mountStreams(app: Hono, open: MiddlewareHandler, answer: Answer): void {
  app.post(AGENT_PATHS.logs, open, answer(postLogs));
  app.post(AGENT_PATHS.metrics, open, answer(postMetrics));
  app.post(AGENT_PATHS.telemetry, open, answer(postTelemetry));
  app.post(AGENT_PATHS.usage, open, answer(postUsage));
  app.post(AGENT_PATHS.witness, open, answer(postWitness));
  app.post(AGENT_PATHS.outside, open, answer(postOutside));
  app.post(AGENT_PATHS.artifacts, open, answer(postManifest(ArtifactManifest, ingestManifest)));
  app.post(AGENT_PATHS.checkpoint, open, answer(postManifest(CheckpointManifest, ingestCheckpoint)));
  app.post(AGENT_PATHS.restore, open, answer(postRestore));
  app.put(AGENT_PATHS.object(":sha256"), open, answer(putObject));
  app.get(AGENT_PATHS.object(":sha256"), open, answer(getObject));
}

export async function signed(c: AgentContext, { services, authenticator, presence }: Connector, bodySha256: string): Promise<{ agent: AgentIdentity; services: AgentServices }> {
  const agent = await authenticator.check(c.req.raw, bodySha256, "newest");
  presence.heard(agent.id);
  return { agent, services: servicesFor(services, agent) };
}

async function postLogs(c: AgentContext, connector: Connector): Promise<Response> {
  const body = await readBody(c.req.raw, LIMITS.logBody);
  const { agent, services } = await signed(c, connector, sha256Hex(body));
  failpoint("server.logs.begin");
  const { changes, ...reply } = await ingestLogs(services.sql, agent.clusterId, parseLogBody(body));
  for (const change of changes) services.bus.publish(change);
  failpoint("server.logs.before-answer");
  return c.json({ serverTime: services.now(), ...reply });
}

/** 4 bytes of header length, the header, then the chunks' bytes; all of it and nothing more. */
export function parseLogBody(body: Uint8Array): ArrivedChunk[] {
  const headerLength = body.length >= 4 ? new DataView(body.buffer, body.byteOffset).getUint32(0) : Infinity;
  if (4 + headerLength > body.length) throw new Refused("bad_request", "The body ends before its header does.", "body");
  const header = parseMessage(LogHeader, parseJson(body.subarray(4, 4 + headerLength)));
  let at = 4 + headerLength;
  const chunks = header.chunks.map((chunk) => {
    const bytes = body.subarray(at, at + chunk.length);
    at += chunk.length;
    return { ...chunk, bytes };
  });
  if (at !== body.length) throw new Refused("bad_request", `The chunks' lengths add up to ${at - 4 - headerLength} bytes, but ${body.length - 4 - headerLength} came.`, "chunks");
  return chunks;
}

async function postMetrics(c: AgentContext, connector: Connector): Promise<Response> {
  const body = await readBody(c.req.raw, LIMITS.jsonBody);
  const { agent, services } = await signed(c, connector, sha256Hex(body));
  failpoint("server.metrics.begin");
  const { batches } = parseMessage(MetricBatches, parseJson(body));
  for (const [at, batch] of batches.entries()) {
    if (batch.to < batch.from) throw new Refused("bad_request", `batches.${at}.to: It lies before from.`, `batches.${at}.to`);
    let points = 0;
    for (const [index, { key, steps, times, values }] of batch.series.entries()) {
      if (steps.length !== values.length || times.length !== values.length) throw new Refused("bad_request", `batches.${at}.series.${index}: Steps, times and values of ${key} differ in number.`, `batches.${at}.series.${index}.values`);
      if (key.includes("\0")) throw new Refused("bad_request", `batches.${at}.series.${index}.key: Must not contain a NUL byte.`, `batches.${at}.series.${index}.key`);
      points += values.length;
    }
    if (points > LIMITS.metricPoints) throw new Refused("too_large", `batches.${at}.series: More than ${LIMITS.metricPoints} points in one batch.`, `batches.${at}.series`);
  }
  const { changes, ...reply } = await ingestMetrics(services.sql, agent.clusterId, batches);
  for (const change of changes) services.bus.publish(change);
  failpoint("server.metrics.before-answer");
  return c.json({ serverTime: services.now(), ...reply });
}

async function postTelemetry(c: AgentContext, connector: Connector): Promise<Response> {
  const body = await readBody(c.req.raw, LIMITS.jsonBody);
  const { agent, services } = await signed(c, connector, sha256Hex(body));
  const message = parseMessage(Telemetry, parseSaid(body));
  await ingestTelemetry(services.sql, agent, message, services.now());
  if (message.events.length > 0) services.bus.publish({ orgId: agent.orgId, topic: "cluster", id: agent.clusterId });
  return c.json({ ok: true, serverTime: services.now() });
}

async function postUsage(c: AgentContext, connector: Connector): Promise<Response> {
  const body = await readBody(c.req.raw, LIMITS.jsonBody);
  const { agent, services } = await signed(c, connector, sha256Hex(body));
  failpoint("server.usage.begin");
  const { changes, ...reply } = await ingestUsage(services.sql, agent, parseMessage(Usage, parseJson(body)), services.now());
  for (const change of changes) services.bus.publish(change);
  failpoint("server.usage.before-answer");
  return c.json({ serverTime: services.now(), ...reply });
}

async function postWitness(c: AgentContext, connector: Connector): Promise<Response> {
  const body = await readBody(c.req.raw, LIMITS.jsonBody);
  const { agent, services } = await signed(c, connector, sha256Hex(body));
  const { changes, ...reply } = await ingestWitness(services.sql, agent, parseMessage(Witness, parseSaid(body)));
  for (const change of changes) services.bus.publish(change);
  return c.json({ serverTime: services.now(), ...reply });
}

async function postOutside(c: AgentContext, connector: Connector): Promise<Response> {
  const body = await readBody(c.req.raw, LIMITS.jsonBody);
  const { agent, services } = await signed(c, connector, sha256Hex(body));
  const reply = await ingestOutside(services.sql, agent, parseMessage(OutsideJobs, parseSaid(body)), services.now());
  return c.json({ serverTime: services.now(), ...reply });
}

/** Takes a list of files whose bytes were sent before. `ingest` answers null where the attempt's fence is dead. */
function postManifest<Manifest extends { files: { path: string }[] }>(schema: z.ZodType<Manifest>, ingest: (db: Db, agent: AgentIdentity, manifest: Manifest) => Promise<Change[] | null>) {
  return async (c: AgentContext, connector: Connector): Promise<Response> => {
    const body = await readBody(c.req.raw, LIMITS.jsonBody);
    const { agent, services } = await signed(c, connector, sha256Hex(body));
    const manifest = parseMessage(schema, parseJson(body));
    requireGoodPaths(manifest.files);
    for (const change of alive(await ingest(services.db, agent, manifest))) services.bus.publish(change);
    return c.json({ ok: true, serverTime: services.now() });
  };
}

async function postRestore(c: AgentContext, connector: Connector): Promise<Response> {
  const body = await readBody(c.req.raw, LIMITS.jsonBody);
  const { agent, services } = await signed(c, connector, sha256Hex(body));
  const { restored, changes } = alive(await readRestore(services.db, agent, parseMessage(Restore, parseJson(body))));
  for (const change of changes) services.bus.publish(change);
  return c.json({ serverTime: services.now(), ...restored });
}

/** @throws Refused that names the file. */
function requireGoodPaths(files: readonly { path: string }[]): void {
  const seen = new Set<string>();
  for (const [at, { path }] of files.entries()) {
    const problem = artifactPathProblem(path) ?? (seen.has(path) ? "The same path comes twice." : null);
    if (problem) throw new Refused("bad_request", `files.${at}.path: ${problem}`, `files.${at}.path`);
    seen.add(path);
  }
}

/** @throws Refused where the attempt's fence is dead. */
function alive<T>(result: T | null): T {
  if (result === null) throw new Refused("stale_fence", "This attempt was given up, or is not of this cluster. Stop it and report no more of it.", "fence");
  return result;
}

export function objectHash(c: AgentContext): string {
  const parsed = Sha256.safeParse(c.req.param("sha256"));
  if (!parsed.success) throw new Refused("bad_request", "sha256: Expected a SHA-256 in lower-case hex.", "sha256");
  return parsed.data;
}

/** The path's hash stands for the body in the signature, so bytes stream through and are checked against it at their end. */
async function putObject(c: AgentContext, connector: Connector): Promise<Response> {
  const sha256 = objectHash(c);
  const { agent, services } = await signed(c, connector, sha256);
  const announced = Number(c.req.header("content-length") ?? 0);
  if (announced > LIMITS.artifactBytes) throw new Refused("too_large", `The object is larger than ${LIMITS.artifactBytes} bytes.`, "body");
  await storeObject(services.db, services.objects, { orgId: agent.orgId, kind: "artifact" }, c.req.raw.body ?? [], { sha256, maxBytes: LIMITS.artifactBytes });
  failpoint("server.objects.before-answer");
  return c.json({ ok: true, serverTime: services.now() });
}

/** Only what this cluster's live attempts need: their code, the checkpoint that they go on from. Anything else does not exist. */
async function getObject(c: AgentContext, connector: Connector): Promise<Response> {
  const sha256 = objectHash(c);
  const { agent, services } = await signed(c, connector, sha256Hex(""));
  const object = await findReadable(services.db, agent, sha256);
  const size = object && (await services.objects.has(object));
  if (!object || size === null) throw new Refused("not_found", "There is no such object, or this agent has no use for it.");
  const headers = { "content-type": "application/octet-stream", "content-length": String(size) };
  if (c.req.method === "HEAD") return c.body(null, 200, headers); // nobody would read the file, nor close it
  return c.body(Readable.toWeb(services.objects.get(object)) as ReadableStream, 200, headers);
}
