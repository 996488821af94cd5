import { Agent as HttpAgent } from "node:http";
import { AGENT_PATHS, LIMITS, PROTOCOL_VERSION } from "../agent/protocol/messages.ts";
import { percentile, say } from "./figures.ts";
import { cpuSeconds, residentMib } from "./process-cost.ts";
import { SimulatedAgent } from "./simulated-agent.ts";
import { withStack } from "./with-stack.ts";

// 1,000 agents, each waiting as long as a real one does, against one server process.

const AGENTS = Number(process.env.DROVER_BENCH_AGENTS ?? 1000);
const SECONDS = 75;
const WAIT_SECONDS = LIMITS.longPollSeconds; // what a real agent asks for under the default lease
const AT_ONCE = 20;
const SETTLE_SECONDS = 20;
const sockets = new HttpAgent({ keepAlive: true, maxSockets: AGENTS + 50 });

const node = (index: number) => ({ name: `node-${index}`, cpus: 8, memoryMib: 16_384, diskMib: 100_000, state: "up", stateReason: null, accelerators: [] });
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function cpuShare(pid: number, seconds: number): Promise<number> {
  const cpu = cpuSeconds(pid);
  const begun = performance.now();
  await pause(seconds * 1000);
  return (cpuSeconds(pid) - cpu) / ((performance.now() - begun) / 1000);
}

/** Long polls that return by themselves; what exceeds the wait is the server's doing. */
async function live(agent: SimulatedAgent, index: number, end: number, overheads: number[]): Promise<void> {
  await pause(Math.random() * WAIT_SECONDS * 1000); // spread, as real agents are
  let hash = "";
  let nodes: unknown = [node(index)];
  while (performance.now() < end) {
    const begun = performance.now();
    const reply = (await agent.send(AGENT_PATHS.sync, { version: PROTOCOL_VERSION, desiredHash: hash, known: [], reports: [], nodes, waitSeconds: WAIT_SECONDS })) as { desiredHash: string };
    if (hash !== "" && reply.desiredHash === hash) overheads.push(performance.now() - begun - WAIT_SECONDS * 1000);
    hash = reply.desiredHash;
    nodes = null;
  }
}

await withStack(async (stack) => {
  const pid = stack.services.server.pid!;
  await pause(SETTLE_SECONDS * 1000);
  const idle = await cpuShare(pid, SETTLE_SECONDS);
  say("no agents but its own: server CPU", idle * 100, "% of a core");
  const agents: SimulatedAgent[] = [];
  for (let index = 0; index < AGENTS; index += AT_ONCE) {
    agents.push(...(await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => SimulatedAgent.connect(stack, `Bench ${index + at}`, sockets)))));
  }
  const overheads: number[] = [];
  const end = performance.now() + (SECONDS + 2 * WAIT_SECONDS) * 1000;
  const polls = agents.map((agent, index) => live(agent, index, end, overheads));
  await pause(2 * WAIT_SECONDS * 1000); // past the first syncs, which carry the nodes
  const share = await cpuShare(pid, SECONDS);
  say(`${AGENTS} agents, a sync each ${WAIT_SECONDS} s: server CPU`, share * 100, "% of a core", `10,000 agents: ${(idle + (share - idle) * (10_000 / AGENTS)).toFixed(2)} cores (goal < 0.5)`);
  say(`${AGENTS} agents: server resident memory`, residentMib(pid), "MiB");
  await Promise.allSettled(polls);
  say(`${AGENTS} agents: answer after its time, p50`, percentile(overheads, 0.5), "ms");
  say(`${AGENTS} agents: answer after its time, p99`, percentile(overheads, 0.99), "ms");
  sockets.destroy();
});
