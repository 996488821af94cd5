import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linesOf, type LogSegment, plainLine, renderLine } from "./log-lines.ts";

const ESC = "\u001b";
let seq = 0;
const segment = (stream: LogSegment["stream"], line: number, text: string, droppedBefore = 0): LogSegment => ({ seq: seq++, stream, line, at: 1000, droppedBefore, text });
const brief = (segments: LogSegment[]) => linesOf(segments).map(({ number, stream, text, open }) => `${number} ${stream} ${text}${open ? " …" : ""}`);

describe("lines of a merged log", () => {
  it("joins a line that its stream wrote in two pieces around the other stream", () => {
    expect(brief([segment("stdout", 0, "abc"), segment("stderr", 0, "oops\n"), segment("stdout", 1, "def\n")])).toEqual(["1 stderr oops", "2 stdout abcdef"]);
  });
  it("shows a line without a newline as still open, after all closed ones", () => {
    expect(brief([segment("stdout", 0, "a\nb"), segment("stderr", 1, "c\n")])).toEqual(["1 stdout a", "2 stderr c", "3 stdout b …"]);
  });
  it("numbers a window in the middle by the newlines before it", () => {
    expect(brief([segment("stdout", 41, "x\ny\n")])).toEqual(["42 stdout x", "43 stdout y"]);
  });
  it("keeps empty lines and a final newline ends the last line", () => {
    expect(brief([segment("stdout", 0, "\n\na\n")])).toEqual(["1 stdout ", "2 stdout ", "3 stdout a"]);
  });
  it("marks lost bytes on the line that follows them", () => {
    expect(linesOf([segment("stdout", 0, "a\n"), segment("stdout", 1, "b\n", 12_000)]).map((line) => line.dropped)).toEqual([0, 12_000]);
  });
  it("gives the same lines however one stream is cut into segments", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", "b\n", "\n", "cc", "\r")), fc.array(fc.nat(5)), (words, cuts) => {
        const text = words.join("");
        const segments: LogSegment[] = [];
        for (let at = 0, index = 0; at < text.length; index += 1) {
          const piece = text.slice(at, at + 1 + (cuts[index % Math.max(1, cuts.length)] ?? 3));
          segments.push(segment("stdout", text.slice(0, at).split("\n").length - 1, piece));
          at += piece.length;
        }
        expect(linesOf(segments).map((line) => line.text).join("\n")).toBe(text.endsWith("\n") ? text.slice(0, -1) : text);
      }),
    );
  });
});

describe("a line as a terminal shows it", () => {
  it.each([
    { says: "a progress bar shows its last state", text: "10%|#   |\r50%|##  |\r100%|####|", shows: "100%|####|" },
    { says: "a shorter overwrite leaves the tail", text: "abcdef\rxy", shows: "xycdef" },
    { says: "a Windows line ending changes nothing", text: "done\r", shows: "done" },
    { says: "erase to the end of the line erases", text: `abcdef\rxy${ESC}[K`, shows: "xy" },
    { says: "erase of the whole line leaves what follows at its column", text: `abc${ESC}[2K\rok`, shows: "ok" },
    { says: "a backspace steps back", text: "|\b/\b-", shows: "-" },
    { says: "cursor moves between lines vanish", text: `a${ESC}[1Ab`, shows: "ab" },
    { says: "a terminal title vanishes", text: `${ESC}]0;title\u0007text`, shows: "text" },
    { says: "a cut-off escape does not swallow text", text: `\rab${ESC}`, shows: "ab" },
  ])("$says", ({ text, shows }) => {
    expect(renderLine(text)).toBe(shows);
  });
  it.each([
    ["\u001b(B\u001b[mtext", "text"], // tput sgr0
    ["\u001b7 40%\u001b8done", " 40%done"],
    ["\u001b[>4;1mkeys", "keys"],
    ["a\u001bPq#0\u001b\\b", "ab"],
    ["\u{1f600}ab\rX", "Xab"],
    ["ab\r\u{1f600}", "\u{1f600}b"],
  ])("leaves nothing of %j but %j", (text, shown) => {
    expect(plainLine(text)).toBe(shown);
  });
  it("keeps colours of what is left after an overwrite", () => {
    expect(renderLine(`${ESC}[31mred${ESC}[0m plain\r${ESC}[32mgo`)).toBe(`${ESC}[32mgo${ESC}[0m${ESC}[31md${ESC}[0m plain`);
  });
  it("leaves a line alone that needs no terminal", () => {
    const line = `${ESC}[1;33mwarning${ESC}[0m done`;
    expect(renderLine(line)).toBe(line);
    expect(plainLine(line)).toBe("warning done");
  });
  it("never shows a control character, whatever comes in", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", "é", "\r", "\b", ESC, "[", "K", "2K", "31m", "0m", "5C", "]0;x", "\u0007")), (parts) => {
        // oxlint-disable-next-line no-control-regex
        expect(plainLine(`\r${parts.join("")}`)).not.toMatch(/[\r\b\u001b]/);
      }),
    );
  });
  it("is linear in a progress bar of ten thousand updates", () => {
    const bar = Array.from({ length: 10_000 }, (_, index) => `\r${String(index).padStart(60)}`).join("");
    expect(renderLine(bar)).toBe("9999".padStart(60));
  });
});
