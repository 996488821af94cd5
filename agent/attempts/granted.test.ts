import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isMoreThan, sharesOf } from "./granted.ts";

const size = fc.record({ gpus: fc.nat({ max: 16 }), cpus: fc.integer({ min: 1, max: 256 }) });
const granted = fc.record({ gpus: fc.nat({ max: 64 }), cpus: fc.integer({ min: 1, max: 4096 }), memoryMib: fc.nat({ max: 4_000_000 }) });

describe("what a scheduler granted", () => {
  it("is shared out among the nodes without a rest", () => {
    fc.assert(fc.property(granted, fc.array(size, { minLength: 1, maxLength: 64 }), (all, sizes) => {
      const shares = sharesOf(all, sizes, { gpus: 0 });
      for (const key of ["gpus", "cpus", "memoryMib"] as const) expect(shares.reduce((sum, share) => sum + share[key], 0)).toBe(all[key]);
    }));
  });

  it("is all of each node, also of unlike ones, where it is all of them together", () => {
    const sizes = [{ gpus: 8, cpus: 64 }, { gpus: 2, cpus: 16 }];
    expect(sharesOf({ gpus: 10, cpus: 80, memoryMib: 512 }, sizes, { gpus: 1 })).toEqual([{ gpus: 8, cpus: 64, memoryMib: 256 }, { gpus: 2, cpus: 16, memoryMib: 256 }]);
  });

  it("has all accelerators of nodes that are had alone where nothing is said of them, and else those that were asked for", () => {
    const sizes = [{ gpus: 8, cpus: 64 }, { gpus: 2, cpus: 16 }];
    expect(sharesOf({ gpus: null, cpus: 80, memoryMib: 0 }, sizes, { gpus: 1 }).map(({ gpus }) => gpus)).toEqual([8, 2]);
    expect(sharesOf({ gpus: null, cpus: 40, memoryMib: 0 }, sizes, { gpus: 1 }).map(({ gpus }) => gpus)).toEqual([1, 1]);
  });

  it("is no more than was asked while cores are only rounded up, to two for each process", () => {
    const asked = { gpus: 1, cpus: 1.5, memoryMib: 256, processes: 2 };
    expect(isMoreThan({ gpus: 2, cpus: 12, memoryMib: 512 }, asked, 2)).toBe(false);
    expect(isMoreThan({ gpus: 2, cpus: 13, memoryMib: 512 }, asked, 2)).toBe(true);
    expect(isMoreThan({ gpus: 3, cpus: 4, memoryMib: 512 }, asked, 2)).toBe(true);
  });
});
