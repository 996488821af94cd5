"use client";
import type { Terminal } from "@xterm/xterm";
import { useEffect, useRef, useState } from "react";
import { rawUrls } from "../raw-urls.ts";

export type ShellState = { kind: "connecting" } | { kind: "open" } | { kind: "ended"; why: string } | { kind: "broken"; why: string };

/** The close code that says that the shell itself ended (server/experiments/interactive/terminals.ts). */
const SHELL_ENDED = 4000;
const REFUSED = 4003;
/** Tries after a connection that broke, each after a longer pause. */
const PAUSES_MS = [500, 1000, 2000, 4000, 8000];

interface Where {
  org: string;
  runId: string;
  /** Names the shell: the same again comes back to it. */
  shell: string;
}

/** One shell in one emulator; comes back by itself to the same shell when the connection breaks. `again` tries now. */
export function useShell(terminal: Terminal | null, { org, runId, shell }: Where): { state: ShellState; again: () => void } {
  const [state, setState] = useState<ShellState>({ kind: "connecting" });
  const [tries, setTries] = useState(0);
  const failures = useRef(0);
  useEffect(() => {
    if (!terminal) return;
    setState({ kind: "connecting" });
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const socket = new WebSocket(socketUrl(rawUrls.terminal(org, runId, { terminal: shell, rows: String(terminal.rows), cols: String(terminal.cols) })));
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => terminal.write(new Uint8Array(data as ArrayBuffer));
    socket.onopen = () => {
      terminal.reset(); // the shell's last output comes again
      failures.current = 0;
      setState({ kind: "open" });
    };
    socket.onclose = ({ code, reason }) => {
      if (isOver) return;
      if (code === SHELL_ENDED || code === REFUSED) return setState({ kind: "ended", why: reason });
      setState({ kind: "broken", why: reason || "The connection broke." });
      const pause = PAUSES_MS[failures.current];
      failures.current += 1;
      if (pause !== undefined) timer = setTimeout(() => setTries((old) => old + 1), pause);
    };
    const listeners = [
      terminal.onData((text) => socket.readyState === WebSocket.OPEN && socket.send(new TextEncoder().encode(text))),
      terminal.onBinary((text) => socket.readyState === WebSocket.OPEN && socket.send(Uint8Array.from(text, (character) => character.charCodeAt(0)))),
      terminal.onResize(({ rows, cols }) => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify({ rows, cols }))),
    ];
    return () => {
      isOver = true;
      clearTimeout(timer);
      for (const listener of listeners) listener.dispose();
      socket.close();
    };
  }, [terminal, org, runId, shell, tries]);
  const again = () => {
    failures.current = 0;
    setTries((old) => old + 1);
  };
  return { state, again };
}

/** Browsers of last year take no relative address here. */
function socketUrl(path: string): URL {
  const url = new URL(path, window.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url;
}
