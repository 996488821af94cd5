import { describe, expect, it } from "vitest";
import { xidMeaning, xidOf } from "./health.ts";

describe("Xid codes", () => {
  it.each([
    ["XID 79 on 00000000:3B:00.0: GPU has fallen off the bus.", 79],
    ["NVRM: Xid (PCI:0000:3b:00): 48, pid=1234, name=python", 48],
    ["xid 13: Graphics Exception", 13],
    ["GPU 3: 7 uncorrected ECC errors", null],
    ["oxid 13", null],
    ["", null],
  ])("of %j is %s", (message, code) => expect(xidOf(message)).toBe(code));

  it("that end a GPU say hardware, those of a bug in the program say so", () => {
    expect(xidMeaning(79)).toMatchObject({ cause: "hardware" });
    expect(xidMeaning(31)).toMatchObject({ cause: "application" });
  });

  it("outside the table mean nothing rather than something guessed", () => expect(xidMeaning(999)).toBeNull());
});
