import { randomBytes } from "node:crypto";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { canHaveSmallDisk, type SmallDisk, smallDisk } from "../scripts/test/small-disk.ts";
import { until } from "./drivers/contract.ts";
import { archive, COUNTING, drained, enrolled, expectWhole, isRunning, order } from "./testing/agent-process.ts";

const ROOM = 6 * 1024 * 1024;

describe.skipIf(!canHaveSmallDisk())("an agent whose disk is full", () => {
  let disk: SmallDisk;
  let world: Awaited<ReturnType<typeof enrolled>>;

  beforeEach(async () => {
    disk = smallDisk(ROOM)!;
    world = await enrolled(disk.folder);
  });
  afterEach(async () => {
    await world.close();
    disk.remove();
  });

  it.each([
    { what: "comes", files: { "noise.txt": randomBytes(ROOM).toString("base64") } },
    { what: "is unpacked", files: { "noise.txt": randomBytes(Math.floor(ROOM * 0.45)).toString("hex") } },
  ])("says that its machine is at fault where code fills it as it $what, and takes the next attempt", async ({ files }) => {
    const { server, agent } = world;
    const code = await archive(files);
    server.objects.set(code.sha256, code.bytes);
    const large = order("true", { code: { kind: "archive", sha256: code.sha256, bytes: code.bytes.length } });
    server.want(large);
    agent.start();
    const { exit } = await drained(server, large.attemptId);
    expect(exit).toMatchObject({ cause: "hardware", detail: expect.stringMatching(/^There is no room left in .+: free some there, then retry\. .*ENOSPC/) as string });
    const small = order(COUNTING);
    server.want(small);
    expect((await drained(server, small.attemptId)).exit).toMatchObject({ code: 0 });
    expectWhole(server, small.attemptId);
  });

  it("keeps to its running job, takes what is new once there is room, and loses nothing", async () => {
    const { server, agent } = world;
    const full = `[ -e ${path.join(disk.folder, "ballast")} ]`;
    const first = order(`until ${full}; do sleep 0.05; done; while ${full}; do sleep 0.05; done; ${COUNTING}`);
    server.want(first);
    agent.start();
    await isRunning(server, first.attemptId);
    disk.fill();
    const second = order(COUNTING);
    server.want(second);
    await until("the agent to meet the full disk", async () => agent.said.includes("ENOSPC"));
    expect(server.report(second.attemptId)).toBeUndefined();
    disk.free();
    for (const { attemptId } of [first, second]) {
      expect((await drained(server, attemptId)).exit).toMatchObject({ code: 0 });
      expectWhole(server, attemptId);
    }
  });
});
