import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChangeMemory, formatMark, parseMark } from "./change-memory.ts";

const memoryOf = (most = 100) => {
  const memory = new ChangeMemory<string>((change) => change, most);
  memory.begin({ epoch: "e", at: 0 });
  return memory;
};

describe("what changed since a mark", () => {
  it("is each change heard then or later, once, at its latest moment", () => {
    const memory = memoryOf();
    memory.note(1, ["a", "b"]);
    memory.note(2, ["a"]);
    expect(memory.since({ epoch: "e", at: 1 })).toEqual(["b", "a"]);
    expect(memory.since({ epoch: "e", at: 2 })).toEqual(["a"]);
    expect(memory.since({ epoch: "e", at: 3 })).toEqual([]);
  });
  it("is not known for another process, for what came before it listened, and without a mark", () => {
    const memory = memoryOf();
    memory.begin({ epoch: "e2", at: 5 });
    for (const mark of [{ epoch: "e", at: 9 }, { epoch: "e2", at: 4 }, null]) expect(memory.since(mark)).toBeNull();
    expect(memory.since({ epoch: "e2", at: 5 })).toEqual([]);
  });
  it("never leaves a change out without saying that it may have, however little it keeps", () => {
    const step = fc.record({ change: fc.constantFrom("a", "b", "c", "d", "e"), pause: fc.integer({ min: 0, max: 2 }) });
    fc.assert(fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 40 }), (steps, most, markAt) => {
      const memory = memoryOf(most);
      const told: { at: number; change: string }[] = [];
      let at = 0;
      for (const { change, pause } of steps) {
        at += pause;
        told.push({ at, change });
        memory.note(at, [change]);
      }
      const answer = memory.since({ epoch: "e", at: markAt });
      if (answer) expect(new Set(answer)).toEqual(new Set(told.filter((one) => one.at >= markAt).map((one) => one.change)));
      else expect(told.length).toBeGreaterThan(most);
    }));
  });
});

describe("a mark", () => {
  it("survives the wire", () => {
    expect(parseMark(formatMark({ epoch: "0b5e-1", at: 1234 }))).toEqual({ epoch: "0b5e-1", at: 1234 });
  });
  it.each(["", "e", "e.-1", "e.1.5", "../e.1", null, undefined])("is not %j", (text) => expect(parseMark(text)).toBeNull());
});
