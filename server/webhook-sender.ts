import { createHmac } from "node:crypto";
import http from "node:http";
import https from "node:https";
import type { LookupFunction } from "node:net";
import { checkedLookup } from "./outside.ts";

const TIMEOUT_MS = 10_000;
const MAX_ANSWER = 4096;

export interface Message {
  id: string;
  url: string;
  event: string;
  at: Date;
  data: Record<string, unknown>;
  secret: string | null;
}
export interface Sent {
  ok: boolean;
  status: number | null;
  body: string;
  error: string | null;
}

/** The body and headers of a delivery, signed as MLflow signs: base64(HMAC-SHA256(secret, "<id>.<unix seconds>.<body>")). */
export function signedRequest({ id, event, at, data, secret }: Message, nowMs: number): { body: string; headers: Record<string, string> } {
  const [entity, action] = event.split(".");
  const body = JSON.stringify({ entity, action, timestamp: at.toISOString(), data });
  const seconds = String(Math.floor(nowMs / 1000));
  const headers: Record<string, string> = { "content-type": "application/json", "user-agent": "drover-webhook", "x-mlflow-delivery-id": id, "x-mlflow-timestamp": seconds };
  if (secret) headers["x-mlflow-signature"] = `v1,${createHmac("sha256", secret).update(`${id}.${seconds}.${body}`).digest("base64")}`;
  return { body, headers };
}

/** One try. Never throws: what went wrong is in the answer. The address that was checked is the one that is called. */
export async function sendMessage(message: Message): Promise<Sent> {
  try {
    return await post(message, await checkedLookup(new URL(message.url)));
  } catch (error) {
    return { ok: false, status: null, body: "", error: error instanceof Error ? error.message : String(error) };
  }
}

function post(message: Message, lookup: LookupFunction): Promise<Sent> {
  const { body, headers } = signedRequest(message, Date.now());
  const url = new URL(message.url);
  const { request } = url.protocol === "https:" ? https : http;
  return new Promise((resolve, reject) => {
    const asked = request(url, {
      method: "POST",
      headers: { ...headers, "content-length": Buffer.byteLength(body) },
      agent: false,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      lookup,
    }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (part: string) => {
        if (text.length < MAX_ANSWER) text += part;
        else answer.destroy(); // enough of it
      });
      // A redirect is an answer like any other: where it leads was not checked.
      const done = () => resolve({ ok: answer.statusCode! >= 200 && answer.statusCode! < 300, status: answer.statusCode!, body: text.slice(0, MAX_ANSWER), error: answer.statusCode! < 300 ? null : `It answered ${answer.statusCode}.` });
      answer.once("end", done).once("close", done);
    });
    asked.once("error", reject);
    asked.end(body);
  });
}
