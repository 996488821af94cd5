import { crc32 as zlibCrc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crc32, formatToken, isTokenShaped, maskedToken, TOKEN_KINDS } from "./token-format.ts";

const secret = fc.string({ unit: fc.constantFrom(..."0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".split("")), minLength: 43, maxLength: 43 });
const id = fc.uuid().map((uuid) => `tok_${uuid}`);

describe("API tokens", () => {
  it("have the checksum that every other CRC-32 computes", () => {
    fc.assert(fc.property(fc.string({ unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code)) }), (text) => {
      expect(crc32(text)).toBe(zlibCrc32(text).toString(16).padStart(8, "0"));
    }));
  });

  it("are recognised as made", () => {
    fc.assert(fc.property(fc.constantFrom(...TOKEN_KINDS), id, secret, (kind, tokenId, text) => {
      expect(isTokenShaped(formatToken(kind, tokenId, text))).toBe(true);
    }));
  });

  it("are refused when any one character differs", () => {
    fc.assert(
      fc.property(fc.constantFrom(...TOKEN_KINDS), id, secret, fc.nat(), fc.constantFrom("0", "a", "Z", "_", "-"), (kind, tokenId, text, at, other) => {
        const token = formatToken(kind, tokenId, text);
        const place = at % token.length;
        fc.pre(token[place] !== other);
        expect(isTokenShaped(token.slice(0, place) + other + token.slice(place + 1))).toBe(false);
      }),
    );
  });

  it("show nothing of the secret but its last four characters when masked", () => {
    expect(maskedToken("pat", "tok_01900000-0000-7000-8000-0123456789ab", "wxyz")).toBe("drv_pat_0123456789ab_…wxyz");
  });
});
