"use client";
import { useCallback, useEffect, useRef, useState } from "react";
import type { EmbedSessionView } from "../../../domain/costs/embed-view.ts";

/** The session ends this much before its time: the page around is asked for a new token. */
const EARLY_SECONDS = 60;

type State = { kind: "waiting" } | { kind: "failed"; code: string } | { kind: "open"; session: EmbedSessionView };

/** What the frame tells the page around it. Before a token came nobody is known there, so nothing but "ready" is said. */
export function tellParent(origin: string | null, message: { type: string; [key: string]: unknown }): void {
  if (window.parent !== window) window.parent.postMessage({ ...message, source: "drover-report" }, origin ?? "*");
}

/**
 * Asks the page around for a token, swaps it for a session, and again before that ends. Only the direct parent is heard,
 * only with this frame's own nonce; the server then holds that parent's origin against the token.
 */
export function useEmbedSession(client: string): { state: State; origin: string | null; renew: () => void } {
  const [state, setState] = useState<State>({ kind: "waiting" });
  const [origin, setOrigin] = useState<string | null>(null);
  const nonce = useRef("");
  const ask = useCallback((type: "ready" | "token-expiring") => tellParent(null, { type, nonce: nonce.current }), []);
  useEffect(() => {
    nonce.current = crypto.randomUUID();
    const hear = (event: MessageEvent) => {
      const said = event.data as { type?: unknown; nonce?: unknown; token?: unknown } | null;
      if (event.source !== window.parent || said?.type !== "drover-token" || said.nonce !== nonce.current || typeof said.token !== "string") return;
      void exchange(client, said.token, event.origin).then((next) => {
        setOrigin(event.origin);
        setState(next);
        if (next.kind === "failed") tellParent(event.origin, { type: "error", code: next.code });
      });
    };
    window.addEventListener("message", hear);
    ask("ready");
    return () => window.removeEventListener("message", hear);
  }, [client, ask]);
  useEffect(() => {
    if (state.kind !== "open") return;
    const timer = setTimeout(() => ask("token-expiring"), Math.max(5, state.session.expiresInSeconds - EARLY_SECONDS) * 1000);
    return () => clearTimeout(timer);
  }, [state, ask]);
  const renew = useCallback(() => ask("token-expiring"), [ask]);
  return { state, origin, renew };
}

async function exchange(client: string, token: string, origin: string): Promise<State> {
  try {
    const answer = await fetch("/api/embed/session", { method: "POST", body: JSON.stringify({ client, token, origin }), headers: { "content-type": "application/json" }, credentials: "omit" });
    if (answer.ok) return { kind: "open", session: (await answer.json()) as EmbedSessionView };
    return { kind: "failed", code: ((await answer.json()) as { error: string }).error };
  } catch {
    return { kind: "failed", code: "unreachable" };
  }
}
