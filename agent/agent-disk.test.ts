import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "./drivers/contract.ts";
import { archive, COUNTING, drained, enrolled, expectWhole, isRunning, order } from "./testing/agent-process.ts";

const MIB = 1024 * 1024;
const ROOM = 6 * MIB;

/** A file system of its own, which is soon full; null where this user may not mount one. */
function smallDisk(): { folder: string; remove: () => void } | null {
  const folder = mkdtempSync(path.join(os.tmpdir(), "drover-small-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${ROOM},mode=700`, "tmpfs", folder], { stdio: "ignore" });
  } catch {
    rmSync(folder, { recursive: true });
    return null;
  }
  return {
    folder,
    remove: () => {
      execFileSync("umount", ["-l", folder]); // a job that was just killed may still be leaving
      rmSync(folder, { recursive: true });
    },
  };
}

const probe = smallDisk();
probe?.remove();

describe.skipIf(!probe)("an agent whose disk is full", () => {
  let disk: NonNullable<ReturnType<typeof smallDisk>>;
  let world: Awaited<ReturnType<typeof enrolled>>;
  const ballast = () => path.join(disk.folder, "ballast");
  /** To the last byte. */
  const fill = () => writeFile(ballast(), randomBytes(ROOM)).catch((error: NodeJS.ErrnoException) => expect(error.code).toBe("ENOSPC"));

  beforeEach(async () => {
    disk = smallDisk()!;
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
    const first = order(`until [ -e ${ballast()} ]; do sleep 0.05; done; while [ -e ${ballast()} ]; do sleep 0.05; done; ${COUNTING}`);
    server.want(first);
    agent.start();
    await isRunning(server, first.attemptId);
    await fill();
    const second = order(COUNTING);
    server.want(second);
    await until("the agent to meet the full disk", async () => agent.said.includes("ENOSPC"));
    expect(server.report(second.attemptId)).toBeUndefined();
    await rm(ballast());
    for (const { attemptId } of [first, second]) {
      expect((await drained(server, attemptId)).exit).toMatchObject({ code: 0 });
      expectWhole(server, attemptId);
    }
  });
});
