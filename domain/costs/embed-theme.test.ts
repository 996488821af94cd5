import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Colour, contrast, readColour, standingOut } from "../shared/contrast.ts";
import { drawTheme, EMBED_FONTS, EMBED_TOKENS, EmbedTheme, readThemeTokens } from "./embed-theme.ts";

const colour = fc.integer({ min: 0, max: 0xffffff }).map((value): Colour => `#${value.toString(16).padStart(6, "0")}`);

describe("contrast", () => {
  it("is WCAG's", () => {
    expect(contrast("#000000", "#ffffff")).toBe(21);
    expect(contrast("#767676", "#ffffff")).toBeCloseTo(4.54, 2);
    expect(contrast("#ffffff", "#767676")).toBeCloseTo(4.54, 2);
  });
  it("is held for any colour on any ground, and a colour that stands out stays as it is", () => {
    fc.assert(fc.property(colour, colour, fc.constantFrom(3, 4.5), (one, ground, ratio) => {
      const drawn = standingOut(one, [ground], ratio);
      expect(contrast(drawn, ground)).toBeGreaterThanOrEqual(ratio);
      if (contrast(one, ground) >= ratio) expect(drawn).toBe(one);
    }), { numRuns: 2000 });
  });
});

/** What would be CSS, or leave a declaration, or fetch something, were it ever written into a style. */
const INJECTIONS = [
  "red", "transparent", "inherit", "#12345", "#1234567", "#12g", "#fff;", "#fff;color:red", "#fff}body{display:none", "#fff/*", "url(https://evil.example/x)", "#fff url(//evil.example)", "expression(alert(1))", "var(--x)", "attr(href)", "image-set('https://evil.example')", "rgb(1,2,3)", "color-mix(in srgb, red, blue)", "#FFF\n", " #fff", "#\uFF46ff", "#\u0430bc", "\\23 fff", "javascript:alert(1)", "</style><script>alert(1)</script>", "@import 'https://evil.example'", "#fff\0", "__proto__",
];

describe("a site's tokens", () => {
  it.each(INJECTIONS)("are colours, numbers and names of lists: %j is left out of every one of them and named", (text) => {
    const { theme, warnings } = readThemeTokens(Object.fromEntries(EMBED_TOKENS.map((token) => [token, text])));
    expect(theme).toEqual({});
    expect(warnings.map(({ token, reason }) => [token, reason])).toEqual(EMBED_TOKENS.map((token) => [token, "invalid"]));
    for (const token of EMBED_TOKENS) expect(EmbedTheme.safeParse({ [token]: text }).success, token).toBe(false);
  });

  it("are refused in a signed token when one is unknown or of another type", () => {
    for (const wrong of [{ css: "body{}" }, { accent: ["#fff"] }, { radius: "4" }, { radius: 17 }, { radius: -1 }, { radius: 1.5 }, { font: "Comic Sans" }, { font: "toString" }, { density: "tiny" }, [], "x"]) expect(EmbedTheme.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
    expect(EmbedTheme.parse({ accent: "#ABC", radius: 0, font: "serif", density: "compact" })).toEqual({ accent: "#aabbcc", radius: 0, font: "serif", density: "compact" });
  });

  it("make nothing but colours, lengths and fonts of the list, whatever they are", () => {
    const fonts = new Set<string | null>(Object.values(EMBED_FONTS));
    const text = fc.oneof(fc.string({ unit: "binary", maxLength: 40 }), fc.constantFrom(...INJECTIONS), colour, fc.constantFrom("4", "16", "serif", "compact"));
    fc.assert(fc.property(fc.record(Object.fromEntries(EMBED_TOKENS.map((token) => [token, text]))), fc.constantFrom("light", "dark", null), (asked, scheme) => {
      for (const [name, value] of Object.entries(drawTheme(readThemeTokens(asked).theme, scheme as never).variables)) {
        expect(name).toMatch(/^--[a-z0-9-]+$/);
        expect(/^#[0-9a-f]{6}$/.test(value) || /^\d{1,2}px$/.test(value) || fonts.has(value), `${name}: ${value}`).toBe(true);
      }
    }), { numRuns: 1000 });
  });

  it("can be read on their ground whatever they are: text at 4.5 to 1, marks at 3 to 1, and what was moved is said", () => {
    fc.assert(fc.property(fc.record({ accent: colour, background: colour, foreground: colour, muted: colour }, { requiredKeys: ["background"] }), (theme) => {
      const { variables: drawn, warnings } = drawTheme(theme, null);
      for (const ground of ["--mantine-color-body", "--surface", "--row-hover", "--mantine-color-default"]) {
        const on = (name: string) => contrast(drawn[name] as Colour, drawn[ground] as Colour);
        for (const name of ["--mantine-color-text", "--mantine-color-dimmed", "--text-faint", "--accent", "--mantine-color-anchor", "--tone-bad", "--tone-warn"]) expect(on(name), `${name} on ${ground}`).toBeGreaterThanOrEqual(4.5);
        for (const name of ["--tone-active", "--chart-1", "--chart-4", "--chart-others"]) expect(on(name), `${name} on ${ground}`).toBeGreaterThanOrEqual(3);
      }
      if (theme.foreground && drawn["--mantine-color-text"] !== theme.foreground) expect(warnings).toContainEqual(expect.objectContaining({ token: "foreground", reason: "contrast" }));
    }), { numRuns: 500 });
  });

  it("decide by the ground which shades fit, and leave what they do not name as the frame has it", () => {
    expect(drawTheme({ background: "#0a0a0a" }, "light").scheme).toBe("dark");
    expect(drawTheme({ background: "#ffffff" }, "dark").scheme).toBe("light");
    expect(drawTheme({}, null)).toEqual({ scheme: null, variables: {}, density: "normal", warnings: [] });
    expect(drawTheme({ accent: "#0055aa" }, "light").variables).toEqual({ "--tone-active": "#0055aa", "--accent": "#0055aa" });
    expect(drawTheme({ accent: "#ffff00" }, "light").warnings).toEqual([expect.objectContaining({ token: "accent", reason: "contrast" })]);
    expect(drawTheme({ foreground: "#ffffff", background: "#ffffff" }, null).variables["--mantine-color-text"]).not.toBe("#ffffff");
  });

  it("begin from the frame's own colours, as its style sheet has them", () => {
    const css = readFileSync("app/globals.css", "utf8");
    const untouched = drawTheme({ background: "#fbfbfc" }, null).variables;
    for (const name of ["--tone-bad", "--tone-good", "--chart-1", "--chart-4"]) expect(css).toContain(`${name}: ${untouched[name]};`);
    expect(readColour("#FFF")).toBe("#ffffff");
  });
});
