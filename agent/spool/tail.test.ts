import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutChunk } from "./tail.ts";

describe("chunks of a log", () => {
  it("put together again are the log, whatever grows when and whatever is overdue", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), fc.integer({ min: 4, max: 30 }), fc.array(fc.boolean(), { minLength: 1 }), (writes, most, overdue) => {
        const all = Buffer.concat(writes);
        let written = 0;
        let sent = 0;
        const chunks: Buffer[] = [];
        for (let turn = 0; turn < writes.length + all.length + 2; turn++) {
          written += writes[turn]?.length ?? 0;
          const isOver = turn >= writes.length;
          const bytes = all.subarray(sent, Math.min(written, sent + most));
          if (bytes.length === 0) continue;
          const take = cutChunk(bytes, most, isOver || (overdue[turn % overdue.length] ?? false));
          expect(take).toBeLessThanOrEqual(most);
          chunks.push(bytes.subarray(0, take));
          sent += take;
        }
        expect(Buffer.concat(chunks).equals(all)).toBe(true);
      }),
    );
  });

  const cut = (text: string, most: number, overdue = false) => cutChunk(Buffer.from(text), most, overdue);

  it("end at a line end where there is one", () => {
    expect(cut("one\ntwo\nthr", 100)).toBe(8);
    expect(cut("one\ntwo\nthree and more", 12)).toBe(8);
  });
  it("leave a partial line until it is overdue", () => {
    expect(cut("no end yet", 100)).toBe(0);
    expect(cut("no end yet", 100, true)).toBe(10);
    expect(cut("one\nno end yet", 100, true)).toBe(14);
  });
  it("cut a line that is longer than a chunk, between characters", () => {
    expect(cut("x".repeat(50), 20)).toBe(20);
    expect(cutChunk(Buffer.from(`${"x".repeat(19)}ü and more`), 20, false)).toBe(19);
  });
});
