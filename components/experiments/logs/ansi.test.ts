import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ansiSpans, markSpans, rangesOf, searchPattern } from "./ansi.ts";

const ESC = "\u001b";

describe("colours of a log line", () => {
  it("follow the scheme for the named ones and keep weight", () => {
    expect(ansiSpans(`${ESC}[1;31merror${ESC}[0m ok`)).toEqual([{ text: "error", style: { color: "var(--ansi-red)", fontWeight: 600 } }, { text: " ok" }]);
  });
  it("read the palette and true colours", () => {
    expect(ansiSpans(`${ESC}[38;5;196mx${ESC}[0m`)[0]!.style!.color).toContain("rgb(255, 0, 0)");
    expect(ansiSpans(`${ESC}[38;2;1;2;3mx${ESC}[0m`)[0]!.style!.color).toContain("rgb(1, 2, 3)");
  });
  it("read codes with colons, and leave no part of them in the text", () => {
    const spans = ansiSpans(`${ESC}[38:2:1:2:3ma${ESC}[0;48:5:196mb${ESC}[4:3mc${ESC}[58:5:1md${ESC}[38:2::4:5:6me`);
    expect(spans.map((span) => span.text).join("")).toBe("abcde");
    expect([spans[0]!.style!.color, spans.at(-1)!.style!.color]).toEqual([expect.stringContaining("rgb(1, 2, 3)"), expect.stringContaining("rgb(4, 5, 6)")]);
    expect(spans[1]!.style!.background).toContain("rgb(255, 0, 0)");
  });
  it("leave markup as text", () => {
    expect(ansiSpans(`<img onerror=x> ${ESC}[32m<b>&amp;${ESC}[0m`).map((span) => span.text).join("")).toBe("<img onerror=x> <b>&amp;");
  });
});

describe("marks of a search", () => {
  it("cut through colours without losing a character", () => {
    const spans = ansiSpans(`ab${ESC}[31mcd${ESC}[0mef`);
    expect(markSpans(spans, rangesOf("abcdef", /bcde/g)).map((span) => `${span.text}${span.marked ? "*" : ""}`)).toEqual(["a", "b*", "cd*", "e*", "f"]);
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-c]{1,4}$/)), fc.stringMatching(/^[a-c]{1,2}$/), (texts, needle) => {
        const plain = texts.join("");
        const marked = markSpans(texts.map((text) => ({ text })), rangesOf(plain, searchPattern(needle, false)));
        expect(marked.map((span) => span.text).join("")).toBe(plain);
        expect(marked.filter((span) => span.marked).map((span) => span.text).join("").length % needle.length).toBe(0);
      }),
    );
  });
  it("ignore case unless a capital asks for it, as the server does", () => {
    expect([rangesOf("Loss", searchPattern("loss", false)).length, rangesOf("loss", searchPattern("Loss", false)).length]).toEqual([1, 0]);
  });
  it("take dots literally, unless it is a pattern", () => {
    expect([rangesOf("axb", searchPattern("a.b", false)).length, rangesOf("axb", searchPattern("a.b", true)).length]).toEqual([0, 1]);
  });
  it("do not fail on a pattern that only the server understands", () => {
    expect(searchPattern("(?P<x>", true)).toBeNull();
  });
  it("do not hang on a pattern that matches nothing", () => {
    expect(rangesOf("abc", searchPattern("x*", true))).toEqual([]);
  });
});
