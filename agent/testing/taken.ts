import { createHash } from "node:crypto";
import type { z } from "zod";
import { AGENT_PATHS, ArtifactManifest, type AttemptReport, CheckpointManifest, LogHeader, MetricBatches, type Refusal, Usage, type UsageEvent } from "../protocol/messages.ts";

export const sha256 = (data: string | Uint8Array) => createHash("sha256").update(data).digest("hex");

/** A refusal, as the agent is told it. */
export class No extends Error {
  readonly code: Refusal["error"];
  constructor(code: Refusal["error"]) {
    super(code);
    this.code = code;
  }
}

/** What the server has of one attempt. */
export interface Seen {
  fence: string;
  reports: AttemptReport[];
  stdout: Buffer;
  stderr: Buffer;
  /** Bytes it was told are lost, by stream. */
  lost: { stdout: number; stderr: number };
  /** Offsets in the job's files, lost bytes counted. */
  next: { stdout: number; stderr: number; metrics: number };
  points: { key: string; step: number; value: number | string }[];
  usage: UsageEvent[];
  manifest: z.infer<typeof ArtifactManifest> | null;
  checkpoints: z.infer<typeof CheckpointManifest>[];
}

/** What a server takes of attempts: streams at their offsets, lists of files, and the files; all of it in memory. */
export class Taken {
  readonly attempts = new Map<string, Seen>();
  readonly objects = new Map<string, Buffer>();

  /** Only what was wanted is taken, under the fence it was wanted with. */
  expect(attemptId: string, fence: string): void {
    const fresh: Seen = { fence, reports: [], stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), lost: { stdout: 0, stderr: 0 }, next: { stdout: 0, stderr: 0, metrics: 0 }, points: [], usage: [], manifest: null, checkpoints: [] };
    const seen = this.attempts.get(attemptId) ?? fresh;
    seen.fence = fence;
    this.attempts.set(attemptId, seen);
  }

  /** @returns a file's bytes, or what the answer says. @throws No for what the real server refuses. */
  take(method: string, path: string, body: Buffer): Buffer | object {
    const message = () => JSON.parse(body.toString()) as unknown;
    if (path === AGENT_PATHS.logs) return this.logs(body);
    if (path === AGENT_PATHS.metrics) return this.metrics(MetricBatches.parse(message()));
    if (path === AGENT_PATHS.usage) return this.usage(Usage.parse(message()));
    if (path === AGENT_PATHS.artifacts) return this.artifacts(ArtifactManifest.parse(message()));
    if (path === AGENT_PATHS.checkpoint) return this.checkpoint(CheckpointManifest.parse(message()));
    return this.object(method, path.split("/").at(-1) ?? "", body);
  }

  private logs(body: Buffer) {
    const length = body.readUInt32BE(0);
    const header = LogHeader.parse(JSON.parse(body.subarray(4, 4 + length).toString()));
    let at = 4 + length;
    const offsets = new Map<string, { attemptId: string; stream: "stdout" | "stderr"; next: number }>();
    const stale = new Set<string>();
    for (const chunk of header.chunks) {
      const bytes = body.subarray(at, at + chunk.length);
      at += chunk.length;
      const seen = this.attempts.get(chunk.attemptId);
      if (!seen || seen.fence !== chunk.fence) {
        stale.add(chunk.attemptId);
        continue;
      }
      const gap = chunk.offset - seen.next[chunk.stream];
      const fits = gap <= 0 || gap === chunk.droppedBefore;
      if (fits && chunk.offset + chunk.length > seen.next[chunk.stream]) {
        if (gap > 0) seen.lost[chunk.stream] += gap;
        seen[chunk.stream] = Buffer.concat([seen[chunk.stream], gap < 0 ? bytes.subarray(-gap) : bytes]);
        seen.next[chunk.stream] = chunk.offset + chunk.length;
      }
      offsets.set(`${chunk.attemptId} ${chunk.stream}`, { attemptId: chunk.attemptId, stream: chunk.stream, next: seen.next[chunk.stream] });
    }
    if (at !== body.length) throw new No("bad_request");
    return { offsets: [...offsets.values()], stale: [...stale] };
  }

  private metrics({ batches }: z.infer<typeof MetricBatches>) {
    const stale: string[] = [];
    const offsets = batches.flatMap((batch) => {
      const seen = this.attempts.get(batch.attemptId);
      if (!seen || seen.fence !== batch.fence) {
        stale.push(batch.attemptId);
        return [];
      }
      if (batch.from === seen.next.metrics) {
        seen.next.metrics = batch.to;
        for (const { key, steps, values } of batch.series) for (const [at, value] of values.entries()) seen.points.push({ key, step: steps[at] ?? -1, value });
      }
      return [{ attemptId: batch.attemptId, next: seen.next.metrics }];
    });
    return { offsets, stale };
  }

  private usage({ attempts }: z.infer<typeof Usage>) {
    const offsets = attempts.flatMap(({ attemptId, from, events }) => {
      const seen = this.attempts.get(attemptId);
      if (!seen) return [];
      if (from <= seen.usage.length) seen.usage.push(...events.slice(seen.usage.length - from));
      return [{ attemptId, next: seen.usage.length }];
    });
    return { offsets, unknown: attempts.filter(({ attemptId }) => !this.attempts.has(attemptId)).map(({ attemptId }) => attemptId) };
  }

  private checkpoint(manifest: z.infer<typeof CheckpointManifest>) {
    this.complete(manifest).checkpoints.push(manifest);
    return { ok: true };
  }

  private artifacts(manifest: z.infer<typeof ArtifactManifest>) {
    this.complete(manifest).manifest = manifest;
    return { ok: true };
  }

  /** The attempt of a list of files, all of which must have come. */
  private complete({ attemptId, fence, files }: { attemptId: string; fence: string; files: readonly { sha256: string }[] }): Seen {
    const seen = this.attempts.get(attemptId);
    if (!seen || seen.fence !== fence) throw new No("stale_fence");
    for (const file of files) if (!this.objects.has(file.sha256)) throw new No("not_found");
    return seen;
  }

  private object(method: string, hash: string, body: Buffer): Buffer | { ok: true } {
    if (method === "GET") {
      const found = this.objects.get(hash);
      if (!found) throw new No("not_found");
      return found;
    }
    if (sha256(body) !== hash) throw new No("bad_request");
    this.objects.set(hash, body);
    return { ok: true };
  }
}
