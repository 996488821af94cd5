import { Agent as HttpAgent } from "node:http";
import { AGENT_PATHS, LIMITS, PROTOCOL_VERSION } from "../agent/protocol/messages.ts";
import { until } from "../chaos/processes.ts";
import type { Stack } from "../chaos/stack.ts";
import { median, percentile, say } from "./figures.ts";
import { SimulatedAgent } from "./simulated-agent.ts";
import { withStack } from "./with-stack.ts";

// Log bytes per second, durable (the answer comes after the commit); and how long a written line takes to reach a reader.

const ATTEMPTS = 8;
const MIB_EACH = 64;
const ROUNDS = 5;
const sockets = new HttpAgent({ keepAlive: true });

interface Target {
  attemptId: string;
  fence: string;
  offset: number;
}

/** Training output as it really looks: words, numbers that change, no two lines alike. */
function block(bytes: number): Buffer {
  const lines: string[] = [];
  for (let size = 0, step = 0; size < bytes; step += 1) {
    const line = `2026-01-01 12:${step % 60}:07 INFO epoch=${step % 90} step=${step} loss=${Math.random().toFixed(6)} lr=${(1e-3 * Math.random()).toExponential(3)} throughput=${(900 + 100 * Math.random()).toFixed(1)} img/s\n`;
    lines.push(line);
    size += line.length;
  }
  return Buffer.from(lines.join("")).subarray(0, bytes);
}

function frame(targets: Target[], data: Buffer): Buffer {
  const at = Date.now();
  const chunks = targets.map((target) => ({ attemptId: target.attemptId, fence: target.fence, stream: "stdout", offset: target.offset, length: data.length, at, droppedBefore: 0 }));
  const header = Buffer.from(JSON.stringify({ chunks }));
  const size = Buffer.alloc(4);
  size.writeUInt32BE(header.length);
  return Buffer.concat([size, header, ...targets.map(() => data)]);
}

/** Attempts of a simulated cluster, taken through sync as an agent would. */
async function takeAttempts(stack: Stack, agent: SimulatedAgent, cluster: string): Promise<Target[]> {
  const nodes = [{ name: "sim", cpus: 64, memoryMib: 65_536, diskMib: 100_000, state: "up", stateReason: null, accelerators: [] }];
  await agent.send(AGENT_PATHS.sync, { version: PROTOCOL_VERSION, desiredHash: "", known: [], reports: [], nodes, waitSeconds: 0 });
  for (let index = 0; index < ATTEMPTS; index += 1) {
    await stack.api.experiments.submit.mutate({ spec: { name: `logs-${index}`, project: "default", command: "true", cluster, resources: { cpus: 1, memory: 16 } } });
  }
  return until("the attempts", async () => {
    const reply = (await agent.send(AGENT_PATHS.sync, { version: PROTOCOL_VERSION, desiredHash: "", known: [], reports: [], nodes: null, waitSeconds: 0 })) as { desired: { attemptId: string; fence: string }[] };
    return reply.desired.length === ATTEMPTS && reply.desired.map(({ attemptId, fence }) => ({ attemptId, fence, offset: 0 }));
  }, 30);
}

async function ingest(agent: SimulatedAgent, targets: Target[], data: Buffer): Promise<number> {
  const perBody = Math.floor((LIMITS.logBody - 64 * 1024) / data.length);
  const begun = performance.now();
  const half = Math.ceil(targets.length / 2);
  const lane = async (mine: Target[]) => {
    for (let sent = 0; sent < (MIB_EACH * 1024 * 1024) / ROUNDS; sent += data.length) {
      for (let at = 0; at < mine.length; at += perBody) {
        const some = mine.slice(at, at + perBody);
        await agent.send(AGENT_PATHS.logs, frame(some, data), "application/x-drover-logs");
        for (const target of some) target.offset += data.length;
      }
    }
  };
  const before = targets.reduce((sum, target) => sum + target.offset, 0);
  await Promise.all([lane(targets.slice(0, half)), lane(targets.slice(half))]);
  const bytes = targets.reduce((sum, target) => sum + target.offset, 0) - before;
  return bytes / 1e6 / ((performance.now() - begun) / 1000);
}

/** A real run echoes the time; a reader follows it as the console does, with the event stream and a page of the log. */
async function delays(stack: Stack): Promise<number[]> {
  const { id } = await stack.api.experiments.submit.mutate({ spec: { name: "delay", project: "default", cluster: "chaos-box", command: "i=0; while [ $i -lt 60 ]; do echo at $(date +%s%3N); sleep 0.5; i=$((i+1)); done", resources: { cpus: 0.1, memory: 16 } } });
  const attemptId = await until("the attempt", async () => (await stack.api.experiments.get.query({ id })).attempts[0]?.id, 30);
  const events = await fetch(`${stack.url}/api/events`, { headers: { authorization: `Bearer ${stack.token}` } });
  const found: number[] = [];
  let after: number | undefined;
  const decoder = new TextDecoder();
  for await (const piece of events.body!) {
    if (!decoder.decode(piece as Uint8Array, { stream: true }).includes("attempt-log")) continue;
    const page = await stack.api.experiments.logPage.query({ attemptId, ...(after === undefined ? {} : { after }) });
    const now = Date.now();
    after = page.lastSeq ?? after;
    for (const { text } of page.segments) for (const [, at] of text.matchAll(/at (\d+)/g)) found.push(now - Number(at));
    if (found.length >= 50) break;
  }
  return found;
}

await withStack(async (stack) => {
  const agent = await SimulatedAgent.connect(stack, "Sim", sockets);
  const targets = await takeAttempts(stack, agent, "sim");
  const data = block(LIMITS.logChunk);
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) rates.push(await ingest(agent, targets, data));
  say(`log ingest, ${ATTEMPTS} attempts, durable, median of ${ROUNDS}`, median(rates), "MB/s", "goal ≥ 50");
  const late = await delays(stack);
  say("line written to line in a reader's hands, p50", percentile(late, 0.5), "ms");
  say("line written to line in a reader's hands, p99", percentile(late, 0.99), "ms");
  sockets.destroy();
});
