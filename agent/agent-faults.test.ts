import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "./drivers/contract.ts";
import { signal } from "./drivers/processes.ts";
import { COUNTING, drained, enrolled, expectWhole, isRunning, order } from "./testing/agent-process.ts";

type World = Awaited<ReturnType<typeof enrolled>>;

describe("an agent whose server, process or disk lets it down", () => {
  let world: World;
  beforeEach(async () => {
    world = await enrolled();
  });
  afterEach(() => world.close());

  it("goes on where it was when the server loses answers after having done what was asked", async () => {
    const { server, agent } = world;
    const wanted = order(COUNTING);
    server.want(wanted);
    agent.start();
    server.dropEvery = 3;
    expect((await drained(server, wanted.attemptId)).exit).toMatchObject({ code: 0 });
    expectWhole(server, wanted.attemptId);
  });

  it("keeps everything while the server is away, and sends it afterwards", async () => {
    const { server, agent } = world;
    const wanted = order(COUNTING);
    server.want(wanted);
    agent.start();
    await isRunning(server, wanted.attemptId);
    server.isDown = true;
    await until("the job to end unseen", async () => readFile(path.join(agent.state, "attempts", wanted.attemptId, "exit")).catch(() => null));
    server.isDown = false;
    expect((await drained(server, wanted.attemptId)).exit).toMatchObject({ code: 0 });
    expectWhole(server, wanted.attemptId);
  });

  it("joins again when its session is gone, and signs again when its clock is off", async () => {
    const { server, agent } = world;
    server.skewMs = 3 * 3_600_000;
    const wanted = order("sleep 0.5");
    server.want(wanted);
    agent.start();
    await isRunning(server, wanted.attemptId);
    server.endSession();
    const report = await drained(server, wanted.attemptId);
    expect(server.joins).toBe(2);
    expect(Math.abs((report.exit?.at ?? 0) - Date.now() - server.skewMs)).toBeLessThan(30_000);
  });

  it("stops talking once it is revoked, stays for its job, then ends and says why", async () => {
    const { server, agent } = world;
    const wanted = order("sleep 1");
    server.want(wanted);
    agent.start();
    await isRunning(server, wanted.attemptId);
    server.revoke();
    expect(await agent.gone()).toBe(3);
    expect(agent.said).toContain("revoked");
    expect(await readFile(path.join(agent.state, "attempts", wanted.attemptId, "exit"), "utf8")).toBe("0\n");
    expect(await agent.verb(["run"])).toBe(1);
  });

  it("leaves jobs running when it ends, and the next one adopts them", async () => {
    const { server, agent } = world;
    const wanted = order(COUNTING);
    server.want(wanted);
    agent.start();
    await isRunning(server, wanted.attemptId);
    expect(await agent.kill("SIGTERM")).toBe(0);
    agent.start();
    expect((await drained(server, wanted.attemptId)).exit).toMatchObject({ code: 0 });
    expectWhole(server, wanted.attemptId);
  });

  it("ends its jobs first where it was told to", async () => {
    const { server, agent } = world;
    const wanted = order("sleep 60");
    server.want(wanted);
    agent.start({}, "--stop-jobs");
    await isRunning(server, wanted.attemptId);
    expect(await agent.kill("SIGTERM")).toBe(0);
    expect(server.report(wanted.attemptId)?.exit).toMatchObject({ cause: "stopped" });
  });

  it("does not share its state folder", async () => {
    const { server, agent } = world;
    agent.start();
    await until("it to join", async () => server.joins > 0);
    expect(await agent.verb(["run"])).toBe(1);
    expect(agent.said).toContain("Another agent");
    await agent.kill();
    agent.start();
    await until("the next one to take over the dead one's lock", async () => server.joins > 1);
  });

  it("drops the oldest log bytes when its spool is full, tells the gap, and loses no point", async () => {
    const { server, agent } = world;
    const wanted = order(`i=0; while [ $i -lt 300 ]; do echo "drover: {\\"loss\\": $i}"; head -c 20000 /dev/zero | tr '\\0' x; echo; i=$((i+1)); done; while [ ! -e go ]; do sleep 0.1; done; echo last`);
    server.want(wanted);
    agent.start({ DROVER_AGENT_SPOOL_BYTES: String(1024 * 1024) });
    await isRunning(server, wanted.attemptId);
    server.isDown = true;
    const streams = path.join(agent.state, "attempts", wanted.attemptId, "streams.json");
    await until("the spool to overflow", async () => (JSON.parse(await readFile(streams, "utf8").catch(() => "{}")) as { stdout?: { floor: number } }).stdout?.floor);
    server.isDown = false;
    await writeFile(path.join(agent.state, "attempts", wanted.attemptId, "work", "go"), "");
    await drained(server, wanted.attemptId);
    const seen = server.get(wanted.attemptId);
    expect(seen.lost.stdout).toBeGreaterThan(0);
    expect(seen.stdout.length + seen.lost.stdout).toBe(seen.next.stdout);
    expect(seen.stdout.toString().endsWith("last\n")).toBe(true);
    expect(seen.points.map(({ value }) => value)).toEqual(Array.from({ length: 300 }, (_, i) => i));
  });

  it("puts a torn journal aside, names it, and goes on", async () => {
    const { server, agent } = world;
    const wanted = order("sleep 1; echo through");
    server.want(wanted);
    agent.start();
    await isRunning(server, wanted.attemptId);
    await agent.kill();
    const folder = path.join(agent.state, "attempts", wanted.attemptId);
    for (const name of ["spec.json", "report.json", "streams.json"]) await writeFile(path.join(folder, name), '{"torn');
    agent.start();
    expect((await drained(server, wanted.attemptId)).exit).toMatchObject({ code: 0 });
    expect(agent.said).toContain("torn");
    expect(server.get(wanted.attemptId).stdout.toString()).toBe("through\n");
  });

  it("reports a job whose wrapper was killed, after its main process is gone", async () => {
    const { server, agent } = world;
    const wanted = order("sleep 1");
    server.want(wanted);
    agent.start();
    await isRunning(server, wanted.attemptId);
    signal(Number(await readFile(path.join(agent.state, "attempts", wanted.attemptId, "wrapper.pid"), "utf8")), "SIGKILL");
    expect((await drained(server, wanted.attemptId)).exit).toMatchObject({ cause: "wrapper_lost", code: null });
  });
});
