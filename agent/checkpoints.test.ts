import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "./drivers/contract.ts";
import { drained, enrolled, order } from "./testing/agent-process.ts";

type World = Awaited<ReturnType<typeof enrolled>>;
const sha = (text: string) => createHash("sha256").update(text).digest("hex");
const stored = (name: string, text: string) => ({ path: name, sha256: sha(text), bytes: text.length });

describe("a checkpoint that may be needed on another cluster", () => {
  let world: World;
  beforeEach(async () => {
    world = await enrolled();
  });
  afterEach(() => world.close());
  const folderOf = (wanted: ReturnType<typeof order>) => path.join(world.agent.state, "runs", wanted.spec!.runId, "checkpoint");
  const sync = (everySeconds: number, from: number | null = null) => ({ checkpointSync: { everySeconds, from: from === null ? null : { attemptNumber: from } } });

  it("is kept while the run goes, only when it changed and stood still, and once more when it failed", async () => {
    const { server, agent } = world;
    const wanted = order('mkdir -p "$DROVER_CHECKPOINT_DIR/deep"; echo one > "$DROVER_CHECKPOINT_DIR/deep/step"; ln -s /etc/passwd "$DROVER_CHECKPOINT_DIR/link"; until [ -e go ]; do sleep 0.05; done; echo two > "$DROVER_CHECKPOINT_DIR/last"; exit 3', sync(1));
    server.want(wanted);
    agent.start();
    const kept = () => server.get(wanted.attemptId).checkpoints;
    await until("the first one to be kept", async () => kept().length === 1);
    expect(kept()[0]).toMatchObject({ final: false, files: [stored("deep/step", "one\n")] });
    await writeFile(path.join(agent.state, "attempts", wanted.attemptId, "work", "go"), "");
    await drained(server, wanted.attemptId);
    expect(kept().at(-1)).toMatchObject({ final: true, files: [stored("deep/step", "one\n"), stored("last", "two\n")] });
    expect(kept().filter(({ final }) => !final).length).toBeLessThanOrEqual(2); // not once a second: nothing changed
  });

  it("is not sent where nobody asks for it, nor after success", async () => {
    const { server, agent } = world;
    const command = 'echo one > "$DROVER_CHECKPOINT_DIR/step"';
    const [unasked, well] = [order(`${command}; exit 1`), order(command, sync(3600))];
    server.want(unasked, well);
    agent.start();
    for (const wanted of [unasked, well]) {
      await drained(server, wanted.attemptId);
      expect(server.get(wanted.attemptId).checkpoints).toEqual([]);
    }
  });

  it("is sent of a run that saved it when it was asked to give way, though it ended well", async () => {
    const { server, agent } = world;
    const wanted = order('trap \'echo saved > "$DROVER_CHECKPOINT_DIR/step"; exit 0\' TERM; echo up; while :; do sleep 0.05; done', sync(3600));
    server.want(wanted);
    agent.start();
    await until("it to be up", async () => server.get(wanted.attemptId).stdout.includes("up"));
    server.order(wanted.attemptId, "preempted");
    expect((await drained(server, wanted.attemptId)).exit).toMatchObject({ cause: "stopped", code: 0 });
    expect(server.get(wanted.attemptId).checkpoints).toEqual([expect.objectContaining({ final: true, files: [stored("step", "saved\n")] })]);
  });

  it("is taken over before the start: waited for, then whole, in place of what is older here", async () => {
    const { server, agent } = world;
    const wanted = order('find "$DROVER_CHECKPOINT_DIR" -type f | sed "s|.*/checkpoint/||" | sort; cat "$DROVER_CHECKPOINT_DIR/step"', { attemptNumber: 3, ...sync(3600, 2) });
    await mkdir(folderOf(wanted), { recursive: true });
    for (const [name, text] of [["step", "1"], ["same", "same"], ["stale", "old"]]) await writeFile(path.join(folderOf(wanted), name!), text!);
    server.objects.set(sha("2"), Buffer.from("2")); // `same` lies here already: it is not asked for
    server.restores.push({ ready: false, attemptNumber: null, files: [] }, { ready: true, attemptNumber: 2, files: [stored("step", "2"), stored("same", "same"), stored("deep/new", "2")] });
    server.want(wanted);
    agent.start();
    expect((await drained(server, wanted.attemptId)).exit).toMatchObject({ code: 0 });
    expect(server.get(wanted.attemptId).stdout.toString()).toBe("deep/new\nsame\nstep\n2");
    expect((await readdir(path.dirname(folderOf(wanted)))).toSorted()).toEqual(["checkpoint"]);
  });

  it("names what is wrong when it cannot be had, and never writes outside its folder", async () => {
    const { server, agent } = world;
    const [gone, bad] = [order("true", { runId: "run_gone", ...sync(3600, 1) }), order("true", { runId: "run_bad", ...sync(3600, 1) })];
    server.restores.push({ ready: true, attemptNumber: 1, files: [stored("step", "never sent")] });
    server.want(gone);
    agent.start();
    expect((await drained(server, gone.attemptId)).exit).toMatchObject({ cause: "setup_failed", detail: expect.stringMatching(/^checkpoint: /) as string });
    server.restores.push({ ready: true, attemptNumber: 1, files: [stored("../../evil", "x")] });
    server.want(gone, bad);
    expect((await drained(server, bad.attemptId)).exit).toMatchObject({ cause: "setup_failed", detail: expect.stringContaining("leads out of the folder") as string });
  });

  it.each(["agent.checkpoint.after-fetch", "agent.checkpoint.between-renames", "agent.checkpoint.after-manifest"])("survives a kill at %s", async (point) => {
    const { server, agent } = world;
    const wanted = order('cat "$DROVER_CHECKPOINT_DIR/step"; echo 3 > "$DROVER_CHECKPOINT_DIR/step"; exit 1', { attemptNumber: 2, ...sync(3600, 1) });
    await mkdir(folderOf(wanted), { recursive: true });
    await writeFile(path.join(folderOf(wanted), "step"), "1");
    server.objects.set(sha("2"), Buffer.from("2"));
    const answer = { ready: true, attemptNumber: 1, files: [stored("step", "2")] };
    server.restores.push(answer, answer);
    server.want(wanted);
    agent.start({ DROVER_FAILPOINT: point });
    await agent.gone();
    agent.start();
    await drained(server, wanted.attemptId);
    expect(server.get(wanted.attemptId).stdout.toString()).toBe("2");
    expect(server.get(wanted.attemptId).checkpoints.at(-1)).toMatchObject({ final: true, files: [stored("step", "3\n")] });
    expect(await readFile(path.join(folderOf(wanted), "step"), "utf8")).toBe("3\n");
  });

  it("that the server will never take holds up neither its own attempt nor another's", async () => {
    const { server, agent } = world;
    const deep = Array.from({ length: 5 }, () => "x".repeat(240)).join("/"); // a path longer than any manifest may say
    const [odd, other] = [order(`mkdir -p "$DROVER_CHECKPOINT_DIR/${deep}"; echo 1 > "$DROVER_CHECKPOINT_DIR/${deep}/step"; exit 1`, sync(3600)), order('echo 1 > "$DROVER_CHECKPOINT_DIR/step"; exit 1', sync(3600))];
    server.want(odd);
    agent.start();
    await drained(server, odd.attemptId);
    expect(server.get(odd.attemptId).checkpoints).toEqual([]);
    server.want(odd, other);
    await drained(server, other.attemptId);
    expect(server.get(other.attemptId).checkpoints).toHaveLength(1);
  });

  it("goes on with logs and the end of other runs while one waits for its checkpoint", async () => {
    const { server, agent } = world;
    const [waits, other] = [order("true", { runId: "run_waits", ...sync(3600, 1) }), order("echo fine")];
    server.restores.push(...Array.from({ length: 500 }, () => ({ ready: false, attemptNumber: null, files: [] })));
    server.want(waits, other);
    agent.start();
    expect((await drained(server, other.attemptId)).exit).toMatchObject({ code: 0 });
    expect(server.report(waits.attemptId)?.exit ?? null).toBeNull();
    server.restores.length = 0;
    await drained(server, waits.attemptId);
  });
});
