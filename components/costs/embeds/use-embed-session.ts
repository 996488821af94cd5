"use client";
import { useCallback, useEffect, useRef, useState } from "react";
import type { EmbedSessionView } from "../../../domain/costs/embed-view.ts";
import { type FrameKey, makeFrameKey } from "./frame-key.ts";

/** The session ends this much before its time: the page around is asked for a new token. */
const EARLY_SECONDS = 60;

/** Pauses, in seconds, after which a page or a server that has not answered is asked again. */
const AGAIN_SECONDS = [5, 10, 20, 40, 60];
/** May be over the next time. Whatever else is refused stays so. */
export const PASSING: ReadonlySet<string> = new Set(["unreachable", "slow_down"]);

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
 * only with this frame's own nonce; the server then holds that parent's origin against the token. Who gives no answer, the
 * page or Drover, is asked again, ever more rarely.
 */
export function useEmbedSession(client: string): { state: State; origin: string | null; renew: () => void } {
  const [state, setState] = useState<State>({ kind: "waiting" });
  const [origin, setOrigin] = useState<string | null>(null);
  /** How often the page was asked since the last session began. */
  const [asked, setAsked] = useState(0);
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
        setState((now) => (now.kind === "open" && next.kind === "failed" && PASSING.has(next.code) ? now : next)); // what is shown stays while Drover is away
        if (next.kind === "open") setAsked(0);
        if (next.kind === "failed") tellParent(event.origin, { type: "error", code: next.code });
      });
    };
    window.addEventListener("message", hear);
    ask("ready");
    return () => window.removeEventListener("message", hear);
  }, [client, ask]);
  useEffect(() => {
    if (state.kind === "failed" && !PASSING.has(state.code)) return;
    const seconds = state.kind === "open" && asked === 0 ? Math.max(5, state.access.session.expiresInSeconds - EARLY_SECONDS) : AGAIN_SECONDS[Math.min(asked, AGAIN_SECONDS.length - 1)]!;
    const timer = setTimeout(() => {
      ask(state.kind === "waiting" ? "ready" : "token-expiring");
      setAsked(asked + 1);
    }, seconds * 1000);
    return () => clearTimeout(timer);
  }, [state, asked, ask]);
  const renew = useCallback(() => ask("token-expiring"), [ask]);
  return { state, origin, renew };
}

async function exchange(made: Promise<FrameKey>, client: string, token: string, origin: string): Promise<State> {
  try {
    const key = await made;
    const target = "/api/embed/session";
    const dpop = await key.prove({ method: "POST", target, secret: token }, 0); // no clock is agreed on yet; the token's own time counts
    const answer = await fetch(target, { method: "POST", body: JSON.stringify({ client, token, origin }), headers: { "content-type": "application/json", dpop }, credentials: "omit" });
    if (answer.status >= 500) return { kind: "failed", code: "unreachable" };
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
