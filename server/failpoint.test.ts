import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { armFailpoint, DroppedAnswer, failpoint, FAILPOINTS } from "./failpoint.ts";

const HERE = import.meta.dirname;
const sources = readdirSync(HERE, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
  .map((file) => readFileSync(join(HERE, file), "utf8"))
  .join("\n");

function killedAt(setting: string, calls: number): { signal: string | null; lines: string[] } {
  const code = `import { failpoint } from ${JSON.stringify(join(HERE, "failpoint.ts"))};
    for (let call = 1; call <= ${calls}; call += 1) { try { failpoint("server.logs.begin"); console.log("past", call); } catch (error) { console.log(error.name, call); } }`;
  const env = { ...process.env, DATABASE_URL: "postgres://u:p@127.0.0.1:1/x", DROVER_FAILPOINT: setting };
  const done = spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", code], { env, cwd: join(HERE, ".."), encoding: "utf8" });
  return { signal: done.signal, lines: done.stdout.trim().split("\n") };
}

describe("fail-points", () => {
  afterEach(() => armFailpoint(null));

  it("are at least 35, and each one is really passed somewhere", () => {
    expect(FAILPOINTS.length).toBeGreaterThanOrEqual(35);
    expect(new Set(FAILPOINTS).size).toBe(FAILPOINTS.length);
    for (const name of FAILPOINTS) expect(sources, name).toContain(`failpoint("${name}")`);
  });
  it("kill the process where it stands, the named time", () => {
    expect(killedAt("server.logs.begin:3", 5)).toEqual({ signal: "SIGKILL", lines: ["past 1", "past 2"] });
  });
  it("drop the answer once instead, where asked to", () => {
    expect(killedAt("server.logs.begin:2!drop", 3)).toEqual({ signal: null, lines: ["past 1", "DroppedAnswer 2", "past 3"] });
  });
  it("do nothing for names that are not this process's", () => {
    expect(killedAt("agent.sync.before-send", 1)).toEqual({ signal: null, lines: ["past 1"] });
    armFailpoint({ name: "server.logs.begin" });
    expect(() => failpoint("server.logs.begin")).toThrow(DroppedAnswer);
    expect(() => failpoint("server.logs.begin")).not.toThrow();
  });
});
