import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDuration, parseMemory } from "../shared/units.ts";
import { DRIVERS, LAUNCHERS, RunSpec, type RunSpecInput } from "./run-spec.ts";

const slug = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/);
const text = (max: number) => fc.string({ minLength: 1, maxLength: max, unit: "grapheme" }).filter((value) => value.trim().length > 0 && !value.includes("\0") && value.length <= max);
const duration = fc.oneof(fc.integer({ min: 1, max: 31_536_000 }), fc.constantFrom("90s", "30m", "2h30m", "1d", "3600"));
const memory = fc.oneof(fc.integer({ min: 16, max: 67_108_864 }), fc.constantFrom("4GiB", "512Mi", "16GB", "1.5Gi", "1 TiB"));
const record = <T>(value: fc.Arbitrary<T>) => fc.dictionary(text(20), value, { maxKeys: 4, noNullPrototype: true });

const input: fc.Arbitrary<RunSpecInput> = fc.record(
  {
    name: text(60),
    project: slug,
    command: fc.oneof(text(100), fc.array(text(30), { minLength: 1, maxLength: 4 })),
    experiment: text(30),
    code: fc.oneof(fc.constant(null), fc.record({ kind: fc.constant("archive" as const), sha256: fc.stringMatching(/^[0-9a-f]{64}$/), bytes: fc.nat() }), fc.constant({ kind: "git" as const, url: "https://example.test/x.git" })),
    env: fc.dictionary(fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,10}$/), fc.string().filter((value) => !value.includes("\0")), { noNullPrototype: true }),
    params: record(fc.oneof(text(20), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean())),
    resources: fc.record({ cpus: fc.double({ min: 0.1, max: 4096, noNaN: true }), memory, gpus: fc.nat(1024), gpuModel: fc.constantFrom(null, "H100"), nodes: fc.integer({ min: 1, max: 10_000 }) }, { requiredKeys: [] }),
    launcher: fc.constantFrom(...LAUNCHERS),
    priority: fc.integer({ min: 0, max: 100 }),
    retry: fc.record({ max: fc.nat(100), on: fc.constant(["oom" as const]) }, { requiredKeys: [] }),
    maxDuration: fc.oneof(fc.constant(null), duration),
    checkpoint: fc.record({ enabled: fc.boolean(), graceSeconds: fc.nat(3600) }, { requiredKeys: [] }),
    artifacts: fc.array(fc.constantFrom("out/*", "model.pt", "a/**/b.txt"), { maxLength: 3 }),
    cluster: fc.oneof(fc.constant(null), slug),
    constraints: fc.record({ regions: fc.array(slug, { maxLength: 2 }), drivers: fc.subarray([...DRIVERS]) }, { requiredKeys: [] }),
    tags: record(text(20)),
    overrides: fc.constantFrom({}, { slurm: { partition: "gpu" } }),
  },
  { requiredKeys: ["name", "project", "command"] },
);

const fieldsOf = (value: unknown) => RunSpec.safeParse(value).error?.issues.map(({ path }) => path.join(".")) ?? [];
const base = { name: "a", project: "p", command: "true" };

describe("a run spec", () => {
  it("parsed again changes nothing, so a stored one may be edited, cloned and submitted", () => {
    fc.assert(fc.property(input, (value) => {
      const once = RunSpec.parse(value);
      expect(RunSpec.parse(once)).toEqual(once);
      expect(RunSpec.parse(JSON.parse(JSON.stringify(once)))).toEqual(JSON.parse(JSON.stringify(once)));
    }));
  });

  it("needs a name, a project and a command, and fills in the rest", () => {
    expect(fieldsOf({})).toEqual(["name", "project", "command"]);
    expect(RunSpec.parse(base)).toMatchObject({ experiment: "Default", resources: { cpus: 1, memory: 1024, gpus: 0, gpuModel: null, nodes: 1 }, priority: 50, retry: { max: 0 }, onLostContact: "hold", checkpoint: { enabled: true, graceSeconds: 30 }, cluster: null, maxDuration: null });
  });

  it.each([
    ["an unknown field", { ...base, gpus: 1 }, ""],
    ["a NUL byte in the command", { ...base, command: "a\0b" }, "command"],
    ["a variable's name with a hyphen", { ...base, env: { "A-B": "x" } }, "env.A-B"],
    ["an artifact outside the run's folder", { ...base, artifacts: ["../secrets"] }, "artifacts.0"],
    ["an absolute artifact", { ...base, artifacts: ["/etc/passwd"] }, "artifacts.0"],
    ["a git ref that is an option", { ...base, code: { kind: "git", url: "https://x.test/y", ref: "--upload-pack=evil" } }, "code.ref"],
    ["a git URL that runs a command", { ...base, code: { kind: "git", url: "ext::sh -c id" } }, "code.url"],
    ["half a GPU", { ...base, resources: { gpus: 0.5 } }, "resources.gpus"],
    ["less memory than a process can start with", { ...base, resources: { memory: "1MiB" } }, "resources.memory"],
    ["no time at all", { ...base, maxDuration: 0 }, "maxDuration"],
  ])("refuses %s by its field", (_says, value, field) => {
    expect(fieldsOf(value)).toEqual([field]);
  });
});

describe("units", () => {
  it.each([["90s", 90], ["2h30m", 9000], ["1d", 86_400], ["15", 15], ["1h1h", 7200], ["", null], ["1.5h", null], ["h", null], ["-5s", null], ["5 s", null]])("read %s as %s seconds", (text, seconds) => expect(parseDuration(text)).toBe(seconds));
  it.each([["4GiB", 4096], ["512", 512], ["16GB", 15_259], ["1.5Gi", 1536], [" 2 TiB ", 2_097_152], ["1M", 1], ["GiB", null], ["4gib", null], ["-1", null], ["1e3", null]])("read %s as %s MiB", (text, mib) => expect(parseMemory(text)).toBe(mib));
  it("never cut a request for memory", () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 100_000 }), (megabytes) => {
      expect(parseMemory(`${megabytes}MB`)! * 1_048_576).toBeGreaterThanOrEqual(megabytes * 1e6);
    }));
  });
});
