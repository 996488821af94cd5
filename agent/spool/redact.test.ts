import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Redactor } from "./redact.ts";

/** Sends `text` as it grows by these steps, as the log loop does, and answers what arrived. */
function sent(redactor: Redactor, text: Buffer, steps: number[], most: number): Buffer {
  const parts: Buffer[] = [];
  let [at, size] = [0, 0];
  for (let turn = 0; at < text.length; turn += 1) {
    size = turn < steps.length ? Math.min(text.length, size + steps[turn]!) : text.length;
    const window = text.subarray(at, Math.min(size, at + most + redactor.longest));
    const take = redactor.safeCut(window, Math.min(window.length, most), size === text.length && at + window.length === size);
    parts.push(redactor.mask(window).subarray(0, take));
    at += take;
    if (turn > steps.length + text.length) throw new Error("It does not come to an end.");
  }
  return Buffer.concat(parts);
}

const letters = (min: number, max: number) => fc.string({ unit: fc.constantFrom("a", "b", "\n"), minLength: min, maxLength: max });

describe("a redactor", () => {
  it("lets out the same bytes whatever way they are cut, and no secret among them", () => {
    const parts = fc.array(fc.oneof(letters(0, 6), fc.constantFrom(0, 1)), { maxLength: 12 });
    fc.assert(
      fc.property(letters(3, 8), letters(3, 8), parts, fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 60 }), (one, two, pieces, steps) => {
        const secrets = [`${one}x`, `y${two}`];
        const text = Buffer.from(pieces.map((piece) => (typeof piece === "number" ? secrets[piece] : piece)).join(""));
        const redactor = new Redactor(secrets);
        const out = sent(redactor, text, steps, 64);
        expect(out).toEqual(redactor.mask(text));
        expect(out.length).toBe(text.length);
        for (const secret of secrets) expect(out.includes(secret)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
  it("blackens each long line of a secret of several lines, and leaves short ones", () => {
    const redactor = new Redactor(["-----BEGIN-----\nabcdefghij\nxy"]);
    expect(redactor.mask(Buffer.from("  abcdefghij\nxy\n")).toString()).toBe("  **********\nxy\n");
  });
  it("blackens both of two secrets that overlap", () => {
    expect(new Redactor(["abcde", "cdefg"]).mask(Buffer.from("-abcdefg-")).toString()).toBe("-*******-");
  });
  it("blackens the end of a secret whose beginning is gone", () => {
    expect(new Redactor(["correct-horse"]).maskLead(Buffer.from("horse ran")).toString()).toBe("***** ran");
  });
});
