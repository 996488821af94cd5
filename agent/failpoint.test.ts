import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "./drivers/contract.ts";
import { FAILPOINTS, SPECIAL_FAILPOINTS } from "./failpoint.ts";
import { archive, COUNTING, drained, enrolled, expectWhole, order } from "./testing/agent-process.ts";

type World = Awaited<ReturnType<typeof enrolled>>;

describe("an agent killed at any named point", () => {
  let world: World;
  let code: Awaited<ReturnType<typeof archive>>;
  beforeAll(async () => {
    world = await enrolled();
    code = await archive({ "main.sh": `echo began >> "$DROVER_CHECKPOINT_DIR/begun"; ${COUNTING}; echo made > made.txt` });
    world.server.objects.set(code.sha256, code.bytes);
  });
  afterAll(() => world.close());

  const points = [...FAILPOINTS, ...SPECIAL_FAILPOINTS].filter((name) => !/^agent\.(enrol|checkpoint)\./.test(name) && !name.includes("-drop") && !name.includes("stop"));

  it.each(points)("%s: the job starts once and nothing is lost or doubled", async (name) => {
    const { server, agent } = world;
    const wanted = order(["sh", "main.sh"], { code: { kind: "archive", sha256: code.sha256, bytes: code.bytes.length }, artifacts: ["made.txt"] });
    wanted.spec = wanted.spec && { ...wanted.spec, runId: `run_${name.replaceAll(/[^a-z]/g, "_")}` };
    server.want(wanted);
    agent.start({ DROVER_FAILPOINT: name });
    expect(await agent.gone()).toBe("SIGKILL");
    agent.start();
    expect((await drained(server, wanted.attemptId)).exit).toMatchObject({ cause: "exited", code: 0 });
    expectWhole(server, wanted.attemptId);
    expect(server.get(wanted.attemptId).manifest?.files.map(({ path: file }) => file)).toEqual(["made.txt"]);
    expect(await readFile(path.join(agent.state, "runs", wanted.spec?.runId ?? "", "checkpoint", "begun"), "utf8")).toBe("began\n");
    expect(server.locked).toBeNull();
    await agent.kill();
  });

  it.each(SPECIAL_FAILPOINTS.filter((name) => name.includes("stop")))("%s: the job still stops", async (name) => {
    const { server, agent } = world;
    const wanted = order('trap "" TERM; echo up; while :; do sleep 0.05; done', { graceSeconds: 1 });
    server.want(wanted);
    agent.start({ DROVER_FAILPOINT: name });
    await until("it to be up", async () => server.get(wanted.attemptId).stdout.includes("up"));
    server.order(wanted.attemptId);
    expect(await agent.gone()).toBe("SIGKILL");
    agent.start();
    expect((await drained(server, wanted.attemptId)).exit).toMatchObject({ cause: "stopped", signal: "SIGKILL" });
    await agent.kill();
  });

  it("leaves nothing behind in its state folder but tombstones and checkpoints", async () => {
    world.agent.start();
    await until("the attempts to go", async () => (await readdir(path.join(world.agent.state, "attempts"))).length === 0);
    expect((await readdir(path.join(world.agent.state, "ended"))).length).toBeGreaterThan(20);
    await world.agent.kill();
  });
});
