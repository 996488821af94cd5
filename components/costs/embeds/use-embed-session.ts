"use client";
import { useCallback, useEffect, useRef, useState } from "react";
import type { EmbedSessionView } from "../../../domain/costs/embed-view.ts";
import { type FrameKey, makeFrameKey } from "./frame-key.ts";

/** The session ends this much before its time: the page around is asked for a new token. */
const EARLY_SECONDS = 60;

/** The session, and how it asks: every request is signed anew with the frame's key. */
export interface EmbedAccess {
  session: EmbedSessionView;
  get: (target: string) => Promise<Response>;
}
type State = { kind: "waiting" } | { kind: "failed"; code: string } | { kind: "open"; access: EmbedAccess };

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
  const key = useRef<Promise<FrameKey> | null>(null);
  const ask = useCallback((type: "ready" | "token-expiring") => tellParent(null, { type, nonce: nonce.current }), []);
  useEffect(() => {
    nonce.current = crypto.randomUUID();
    const hear = (event: MessageEvent) => {
      const said = event.data as { type?: unknown; nonce?: unknown; token?: unknown } | null;
      if (event.source !== window.parent || said?.type !== "drover-token" || said.nonce !== nonce.current || typeof said.token !== "string") return;
      void exchange((key.current ??= makeFrameKey()), client, said.token, event.origin).then((next) => {
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
    const timer = setTimeout(() => ask("token-expiring"), Math.max(5, state.access.session.expiresInSeconds - EARLY_SECONDS) * 1000);
    return () => clearTimeout(timer);
  }, [state, ask]);
  const renew = useCallback(() => ask("token-expiring"), [ask]);
  return { state, origin, renew };
}

async function exchange(made: Promise<FrameKey>, client: string, token: string, origin: string): Promise<State> {
  try {
    const key = await made;
    const target = "/api/embed/session";
    const dpop = await key.prove({ method: "POST", target, secret: token }, 0); // no clock is agreed on yet; the token's own time counts
    const answer = await fetch(target, { method: "POST", body: JSON.stringify({ client, token, origin }), headers: { "content-type": "application/json", dpop }, credentials: "omit" });
    if (!answer.ok) return { kind: "failed", code: ((await answer.json()) as { error: string }).error };
    return { kind: "open", access: accessOf((await answer.json()) as EmbedSessionView, key) };
  } catch {
    return { kind: "failed", code: "unreachable" };
  }
}

/** By the server's clock: a visitor's own may be wrong by hours. */
function accessOf(session: EmbedSessionView, key: FrameKey): EmbedAccess {
  const ahead = session.at - performance.now() / 1000;
  return {
    session,
    get: async (target) => {
      const dpop = await key.prove({ method: "GET", target, secret: session.session }, Math.round(ahead + performance.now() / 1000));
      return fetch(target, { headers: { authorization: `DPoP ${session.session}`, dpop }, credentials: "omit" });
    },
  };
}
