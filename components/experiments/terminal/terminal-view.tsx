"use client";
import "@xterm/xterm/css/xterm.css";
import { Button, useComputedColorScheme } from "@mantine/core";
import { FitAddon } from "@xterm/addon-fit";
import { type ITheme, Terminal } from "@xterm/xterm";
import { useEffect, useRef, useState } from "react";
import { v4 } from "uuid";
import { useOrg } from "../../providers/viewer.tsx";
import classes from "./terminal.module.css";
import { type ShellState, useShell } from "./use-shell.ts";

const WORDS: Record<ShellState["kind"], { tone?: string; says: string }> = {
  connecting: { tone: "warn", says: "Connecting" },
  open: { tone: "good", says: "Connected" },
  ended: { says: "Ended" },
  broken: { tone: "bad", says: "Not connected" },
};

/** A shell of this attempt: the one that this browser tab had before, if it still lives. */
export function TerminalView({ runId, attemptId }: { runId: string; attemptId: string }) {
  const org = useOrg();
  const [shell, setShell] = useState(() => rememberedShell(attemptId));
  const screen = useRef<HTMLDivElement>(null);
  const out = useRef<HTMLButtonElement>(null);
  const terminal = useEmulator(screen, () => out.current?.focus());
  const { state, again } = useShell(terminal, { org, runId, shell });
  const fresh = () => {
    setShell(rememberShell(attemptId));
    terminal?.focus();
  };
  const { tone, says } = WORDS[state.kind];
  return (
    <>
      <div className={classes.bar}>
        <span className={classes.state} role="status"><span className={classes.dot} data-tone={tone} aria-hidden />{says}</span>
        <span className={classes.hint}>Beside the run&rsquo;s process: its files, accelerators and memory limit. It goes on when you leave, until it or the run ends. F6 leaves the terminal.</span>
        <Button ref={out} size="xs" variant="default" onClick={fresh}>New shell</Button>
      </div>
      <div ref={screen} className={classes.screen} />
      {(state.kind === "ended" || state.kind === "broken") && (
        <div className={classes.closed}>
          <span style={{ flex: 1 }}>{state.why}</span>
          {state.kind === "ended" ? <Button size="xs" variant="default" onClick={fresh}>Open a new shell</Button> : <Button size="xs" variant="default" onClick={again}>Connect again</Button>}
        </div>
      )}
    </>
  );
}

const keyOf = (attemptId: string) => `drover.shell.${attemptId}`;

function rememberShell(attemptId: string): string {
  const id = v4();
  window.sessionStorage.setItem(keyOf(attemptId), id);
  return id;
}

const rememberedShell = (attemptId: string): string => window.sessionStorage.getItem(keyOf(attemptId)) ?? rememberShell(attemptId);

/** An emulator that fills its element and wears the console's colours. */
function useEmulator(screen: React.RefObject<HTMLDivElement | null>, leave: () => void): Terminal | null {
  const [terminal, setTerminal] = useState<Terminal | null>(null);
  const scheme = useComputedColorScheme("light");
  const leaveNow = useRef(leave);
  leaveNow.current = leave;
  useEffect(() => {
    const element = screen.current;
    if (!element) return;
    const made = new Terminal({ fontFamily: getComputedStyle(document.body).getPropertyValue("--mantine-font-family-monospace"), fontSize: 13, cursorBlink: !window.matchMedia("(prefers-reduced-motion: reduce)").matches, scrollback: 10_000, screenReaderMode: true, minimumContrastRatio: 4.5 });
    const fit = new FitAddon();
    made.loadAddon(fit);
    made.open(element);
    made.attachCustomKeyEventHandler(({ type, key }) => {
      if (key !== "F6") return true;
      if (type === "keydown") leaveNow.current();
      return false; // a keyboard must find its way out
    });
    fit.fit();
    made.focus();
    const watching = new ResizeObserver(() => fit.fit());
    watching.observe(element);
    setTerminal(made);
    return () => {
      watching.disconnect();
      made.dispose();
    };
  }, [screen]);
  useEffect(() => {
    if (terminal) terminal.options.theme = themeOf(scheme);
  }, [terminal, scheme]);
  return terminal;
}

/** Text and ground of the console; the sixteen colours such that each is read on that ground. */
function themeOf(scheme: "light" | "dark"): ITheme {
  const of = (name: string) => getComputedStyle(document.body).getPropertyValue(name).trim();
  const ground = { background: of("--surface-raised"), foreground: of("--mantine-color-text"), cursor: of("--accent"), cursorAccent: of("--surface-raised"), selectionBackground: scheme === "dark" ? "#3b4a6b" : "#c9d7f5" };
  return scheme === "dark"
    ? { ...ground, black: "#8b8f98", red: "#ff7a6e", green: "#4cc38a", yellow: "#f0b429", blue: "#7aa7ff", magenta: "#e08bea", cyan: "#5ad1dc", white: "#d5d8de", brightBlack: "#9aa0ab", brightRed: "#ff978d", brightGreen: "#71d6a5", brightYellow: "#f6c75c", brightBlue: "#9bbcff", brightMagenta: "#eaabf2", brightCyan: "#84dfe7", brightWhite: "#ffffff" }
    : { ...ground, black: "#1d1f24", red: "#b42318", green: "#15703f", yellow: "#8a5300", blue: "#1d4ed8", magenta: "#86198f", cyan: "#0e6b75", white: "#5a5f69", brightBlack: "#666b75", brightRed: "#b42318", brightGreen: "#15703f", brightYellow: "#8a5300", brightBlue: "#1d4ed8", brightMagenta: "#86198f", brightCyan: "#0e6b75", brightWhite: "#1d1f24" };
}
