import { useMantineColorScheme } from "@mantine/core";
import { useEffect, useLayoutEffect, useMemo } from "react";
import { drawTheme, type DrawnTheme, type EmbedTheme, readThemeTokens } from "../../../domain/costs/embed-theme.ts";
import type { EmbedSessionView } from "../../../domain/costs/embed-view.ts";
import { tellParent } from "./use-embed-session.ts";

/** As the frame's address has them: anybody may have written it. */
export type Looks = Partial<Record<keyof EmbedTheme, string | null>>;

/**
 * Dresses this document as its site wants it, by properties that hold a checked colour, length or font each; no text becomes a
 * style. The token's word counts before the page's, and that before the colour that Drover's own people chose. The page around
 * is told of what was not taken as it came, once a token said who that is.
 */
export function useLooks(looks: Looks, scheme: string | null, session: EmbedSessionView | null, origin: string | null): DrawnTheme["density"] {
  const said = JSON.stringify([looks, session?.theme, session?.accent]);
  const { drawn, warnings } = useMemo(() => {
    const read = readThemeTokens(looks);
    const ours = session?.accent ? { accent: session.accent as EmbedTheme["accent"] } : {};
    const made = drawTheme({ ...ours, ...read.theme, ...session?.theme }, scheme === "dark" || scheme === "light" ? scheme : null);
    return { drawn: made, warnings: [...read.warnings, ...made.warnings] };
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- the same words are the same looks
  }, [said, scheme]);
  useScheme(drawn.scheme);
  useProperties(drawn.variables);
  useEffect(() => {
    if (origin !== null) for (const { token, reason, message } of warnings) tellParent(origin, { type: "theme-warning", token, reason, message });
  }, [origin, warnings]);
  return drawn.density;
}

/** On this document only: Mantine's own way would keep it for the console too, which may share our storage. */
function useScheme(scheme: "light" | "dark" | null): void {
  const { colorScheme } = useMantineColorScheme();
  useEffect(() => {
    if (scheme === null) return;
    const apply = () => document.documentElement.setAttribute("data-mantine-color-scheme", scheme);
    apply();
    const later = requestAnimationFrame(apply); // after the provider's own first effect
    return () => cancelAnimationFrame(later);
  }, [scheme, colorScheme]);
}

function useProperties(variables: Record<string, string>): void {
  useLayoutEffect(() => {
    const { style } = document.documentElement;
    for (const [name, value] of Object.entries(variables)) style.setProperty(name, value);
    return () => {
      for (const name of Object.keys(variables)) style.removeProperty(name);
    };
  }, [variables]);
}
