import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { parse } from "yaml";
import { ROOT } from "../root.ts";

const parent = mkdtempSync(join(tmpdir(), "drover-digits-"));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

/** Runs the example as its file says, but smaller, to its end or until it has said `at`. @returns how it ended, and what it said. */
function attempt(folder: string, file: string, stop?: { at: RegExp; with: NodeJS.Signals }): Promise<{ end: number | NodeJS.Signals | null; said: string }> {
  const { command, params } = parse(readFileSync(join(folder, file), "utf8")) as { command: string; params: object };
  const [program, ...args] = command.split(" ");
  const child = spawn(program!, args, {
    cwd: folder,
    env: { ...process.env, PATH: [dirname(process.execPath), process.env.PATH].join(delimiter), DROVER_PARAMS: JSON.stringify({ ...params, epochs: 3, hidden: 12 }), DROVER_CHECKPOINT_DIR: join(folder, "checkpoints") },
    stdio: ["ignore", "pipe", "ignore"],
  });
  let said = "";
  child.stdout.on("data", (part: Buffer) => {
    said += part.toString();
    if (stop?.at.test(said) && !child.killed) child.kill(stop.with); // once, as an agent asks
  });
  return new Promise((resolve, reject) => child.once("error", reject).once("close", (code, signal) => resolve({ end: signal ?? code, said })));
}

const copy = (name: string): string => {
  const folder = join(parent, name);
  cpSync(join(ROOT, "examples/digits"), folder, { recursive: true });
  return folder;
};
const numbers = (folder: string): string => readFileSync(join(folder, "out/metrics.json"), "utf8");
const final = (folder: string) => (JSON.parse(numbers(folder)) as { final: { loss: number; accuracy: number } }).final;

it.each(["run.yaml", "run-node.yaml"])("the digits example, %s, ends with the same numbers whether it was killed, stopped or left alone", async (file) => {
  const whole = copy(`${file}-whole`);
  const broken = copy(`${file}-broken`);
  expect(await attempt(whole, file)).toMatchObject({ end: 0, said: expect.stringMatching(/^drover: \{"epoch": ?3,.*"accuracy"/m) });
  expect((await attempt(broken, file, { at: /"step": ?50\}/, with: "SIGKILL" })).end).toBe("SIGKILL"); // 45 batches an epoch
  const stopped = await attempt(broken, file, { at: /"step": ?100\}/, with: "SIGTERM" });
  expect(stopped).toMatchObject({ end: 143, said: expect.stringMatching(/resumed from .*: epoch 2, batch 1\n[^]*saved at epoch 3, batch \d/) });
  expect(await attempt(broken, file)).toMatchObject({ end: 0, said: expect.stringMatching(/resumed from .*: epoch 3, batch (?!1\n)\d/) });
  expect(numbers(broken)).toBe(numbers(whole));
  expect(final(whole).accuracy).toBeGreaterThan(0.8);
});

it("Python and Node train the very same network", () => {
  const [python, node] = ["run.yaml-whole", "run-node.yaml-whole"].map((name) => final(join(parent, name)));
  expect(node!.accuracy).toBe(python!.accuracy);
  expect(node!.loss).toBeCloseTo(python!.loss, 9);
});
