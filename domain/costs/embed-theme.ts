import { z } from "zod";
import { type Colour, contrastWords, luminance, mix, readColour, standingOut } from "../shared/contrast.ts";

/** Fonts that a frame may be set in: it loads none from anywhere, so these are what each machine has. */
export const EMBED_FONTS = {
  drover: null,
  system: "system-ui, sans-serif",
  sans: "Arial, Helvetica, sans-serif",
  serif: "Georgia, 'Times New Roman', serif",
  rounded: "ui-rounded, 'Hiragino Maru Gothic ProN', Quicksand, system-ui, sans-serif",
  mono: "ui-monospace, Menlo, Consolas, monospace",
} as const satisfies Record<string, string | null>;
export const EMBED_DENSITIES = ["compact", "normal", "roomy"] as const;
const MOST_RADIUS = 16;
const RADII = Array.from({ length: MOST_RADIUS + 1 }, (_, px) => px);

const ThemeColour = z.string().max(7).transform((text, ctx) => {
  const colour = readColour(text);
  if (colour === null) ctx.addIssue({ code: "custom", message: "Write it as #rrggbb." });
  return colour!;
});
const FONT_NAMES = Object.keys(EMBED_FONTS) as [keyof typeof EMBED_FONTS, ...(keyof typeof EMBED_FONTS)[]];
const tokens = {
  accent: ThemeColour.optional(),
  background: ThemeColour.optional(),
  foreground: ThemeColour.optional(),
  muted: ThemeColour.optional(),
  border: ThemeColour.optional(),
  radius: z.int().min(0).max(MOST_RADIUS).optional(),
  font: z.enum(FONT_NAMES).optional(),
  density: z.enum(EMBED_DENSITIES).optional(),
};
/** What a site may say about the looks of a frame, and nothing else: no style, no address, no text ever becomes CSS. */
export const EmbedTheme = z.strictObject(tokens);
export type EmbedTheme = z.output<typeof EmbedTheme>;
export const EMBED_TOKENS = Object.keys(tokens) as (keyof EmbedTheme)[];

/** A token that was not taken as it came; the page around is told. */
export interface ThemeWarning {
  token: keyof EmbedTheme;
  reason: "invalid" | "contrast";
  message: string;
}

/** What the frame's address says, which its page may write as it likes: what is not as it must be is left out and named. */
export function readThemeTokens(asked: Partial<Record<keyof EmbedTheme, string | null>>): { theme: EmbedTheme; warnings: ThemeWarning[] } {
  const theme: Record<string, unknown> = {};
  const warnings: ThemeWarning[] = [];
  for (const token of EMBED_TOKENS) {
    const text = asked[token];
    if (text === undefined || text === null || text === "") continue;
    const read = tokens[token].safeParse(token === "radius" ? (RADII.find((px) => `${px}` === text) ?? text) : text);
    if (read.success) theme[token] = read.data;
    else warnings.push({ token, reason: "invalid", message: read.error.issues[0]!.message });
  }
  return { theme: theme as EmbedTheme, warnings };
}

interface Base {
  background: Colour;
  foreground: Colour;
  muted: Colour;
  accent: Colour;
  tones: Record<"neutral" | "active" | "good" | "warn" | "bad", Colour>;
  charts: Colour[];
}
/** The frame's own colours (app/globals.css and the theme), from which a site's are worked out. */
const BASES: Record<"light" | "dark", Base> = {
  light: { background: "#fbfbfc", foreground: "#1c1f26", muted: "#5c6470", accent: "#7e3a88", tones: { neutral: "#525966", active: "#1d4ed8", good: "#15703f", warn: "#8a5300", bad: "#b42318" }, charts: ["#002d99", "#8b5a1a", "#279c94", "#691840", "#a09600", "#7059c3"] },
  dark: { background: "#101317", foreground: "#d8dbe2", muted: "#9097a4", accent: "#dbafe2", tones: { neutral: "#a3abb8", active: "#7aa7ff", good: "#4cc38a", warn: "#f0b429", bad: "#ff7a6e" }, charts: ["#4363d6", "#dd803e", "#4cfcef", "#a7336b", "#f0d507", "#a39adf"] },
};
/** WCAG 2 AA: of text, and of marks such as bars and lines. */
const [TEXT, MARK] = [4.5, 3];
/** Halfway between black and white, as eyes see it. */
const HALF = 0.18;

export interface DrawnTheme {
  /** Whose forms and shades fit; null: as the page around, or the visitor's machine, has it. */
  scheme: "light" | "dark" | null;
  /** Custom properties of the frame's root: colours as `#rrggbb`, lengths in px, fonts of the list. */
  variables: Record<string, string>;
  density: (typeof EMBED_DENSITIES)[number];
  warnings: ThemeWarning[];
}

/** The frame's properties by a site's tokens. Whatever could not be read on its ground is moved until it can. */
export function drawTheme(theme: EmbedTheme, asked: "light" | "dark" | null): DrawnTheme {
  const hasColours = [theme.background, theme.foreground, theme.muted, theme.border].some(Boolean);
  const scheme = theme.background ? (luminance(theme.background as Colour) < HALF ? "dark" : "light") : asked;
  const warnings: ThemeWarning[] = [];
  const coloured = hasColours ? wholeTheme(theme, BASES[scheme ?? "light"], warnings) : accentOnly(theme, scheme, warnings);
  const font = theme.font && EMBED_FONTS[theme.font];
  return {
    scheme: hasColours ? (scheme ?? "light") : scheme,
    variables: {
      ...coloured,
      ...(theme.radius === undefined ? {} : Object.fromEntries(["default", "xs", "sm", "md"].map((size) => [`--mantine-radius-${size}`, `${theme.radius}px`]))),
      ...(font ? { "--mantine-font-family": font, "--mantine-font-family-headings": font } : {}),
    },
    density: theme.density ?? "normal",
    warnings,
  };
}

function held(warnings: ThemeWarning[], token: keyof EmbedTheme, colour: Colour, on: readonly Colour[], ratio: number): Colour {
  const drawn = standingOut(colour, on, ratio);
  if (drawn !== colour) warnings.push({ token, reason: "contrast", message: `${colour} has ${contrastWords(colour, on)} on its ground and needs ${ratio}:1: ${drawn} is shown.` });
  return drawn;
}

/** On the frame's own ground, whichever of the two it is in. */
function accentOnly({ accent }: EmbedTheme, scheme: "light" | "dark" | null, warnings: ThemeWarning[]): Record<string, string> {
  if (!accent) return {};
  const grounds = scheme ? [BASES[scheme].background] : [BASES.light.background, BASES.dark.background];
  const mark = held(warnings, "accent", accent as Colour, grounds, MARK);
  return { "--tone-active": mark, ...(scheme ? { "--accent": standingOut(mark, grounds, TEXT) } : {}) };
}

/** Where table heads and the like are to be told from the ground: of grounds in the middle away from the text, which has nothing to spare there. */
const shadesOf = (ground: number): Colour => (ground < 0.08 || (ground >= HALF && ground < 0.4) ? "#ffffff" : "#000000");

function wholeTheme(theme: EmbedTheme, base: Base, warnings: ThemeWarning[]): Record<string, string> {
  const background = (theme.background ?? base.background) as Colour;
  const toward = shadesOf(luminance(background));
  const [surface, hover, raised] = [mix(background, toward, 0.03), mix(background, toward, 0.04), mix(background, toward, 0.02)];
  const grounds = [background, surface, hover, raised];
  const text = (token: "foreground" | "muted", usual: Colour) => (theme[token] ? held(warnings, token, theme[token] as Colour, grounds, TEXT) : standingOut(usual, grounds, TEXT));
  const [foreground, muted] = [text("foreground", base.foreground), text("muted", base.muted)];
  const line = (theme.border ?? mix(background, foreground, 0.14)) as Colour;
  const mark = theme.accent ? held(warnings, "accent", theme.accent as Colour, grounds, MARK) : standingOut(base.tones.active, grounds, MARK);
  const accent = standingOut(theme.accent ? mark : base.accent, grounds, TEXT);
  const tones = Object.entries(base.tones).map(([tone, colour]) => [`--tone-${tone}`, standingOut(colour, grounds, TEXT)]);
  const charts = base.charts.map((colour, at) => [`--chart-${at + 1}`, standingOut(colour, grounds, MARK)]);
  return {
    "--mantine-color-body": background, "--mantine-color-text": foreground, "--mantine-color-dimmed": muted, "--mantine-color-placeholder": muted, "--mantine-color-anchor": accent,
    "--mantine-color-default": raised, "--mantine-color-default-color": foreground, "--mantine-color-default-hover": hover, "--mantine-color-default-border": line,
    "--surface": surface, "--surface-raised": raised, "--line": line, "--line-faint": mix(line, background, 0.5), "--text-faint": muted, "--row-hover": hover,
    "--accent": accent, "--accent-soft": mix(background, accent, 0.1),
    ...Object.fromEntries(tones), ...Object.fromEntries(charts), "--chart-others": standingOut(muted, grounds, MARK), "--tone-active": mark,
  };
}
