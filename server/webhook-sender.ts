import { createHmac } from "node:crypto";
import { lookup as resolveName } from "node:dns/promises";
import http from "node:http";
import https from "node:https";
import { BlockList, isIP } from "node:net";
import { env } from "../env.ts";

const TIMEOUT_MS = 10_000;
const MAX_ANSWER = 4096;

/** Addresses that are this machine, its network, or nobody: a webhook must not make the server call them. */
const INNER = new BlockList();
for (const [net, bits] of [["0.0.0.0", 8], ["10.0.0.0", 8], ["100.64.0.0", 10], ["127.0.0.0", 8], ["169.254.0.0", 16], ["172.16.0.0", 12], ["192.0.0.0", 24], ["192.0.2.0", 24], ["192.88.99.0", 24], ["192.168.0.0", 16], ["198.18.0.0", 15], ["198.51.100.0", 24], ["203.0.113.0", 24], ["224.0.0.0", 4], ["240.0.0.0", 4]] as const) INNER.addSubnet(net, bits, "ipv4");
for (const [net, bits] of [["::", 96], ["64:ff9b::", 96], ["64:ff9b:1::", 48], ["100::", 64], ["2001::", 23], ["2001:db8::", 32], ["2002::", 16], ["fc00::", 7], ["fe80::", 10], ["ff00::", 8]] as const) INNER.addSubnet(net, bits, "ipv6");

/** Is an address one that everybody may call? */
export const isPublicAddress = (address: string): boolean => {
  const family = isIP(address);
  return family !== 0 && !INNER.check(address, family === 6 ? "ipv6" : "ipv4");
};

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
    const address = await allowedAddress(new URL(message.url).hostname.replace(/^\[|\]$/g, ""));
    return await post(message, address);
  } catch (error) {
    return { ok: false, status: null, body: "", error: error instanceof Error ? error.message : String(error) };
  }
}

/** @throws Error that says why nobody may be called there. */
async function allowedAddress(host: string): Promise<{ address: string; family: number }> {
  const found = isIP(host) ? [{ address: host, family: isIP(host) }] : await resolveName(host, { all: true });
  const [first] = found;
  if (!first) throw new Error(`${host} has no address.`);
  if (env().DROVER_WEBHOOK_HOSTS.includes(host)) return first;
  const inner = found.find(({ address }) => !isPublicAddress(address));
  if (inner) throw new Error(`${host} leads to ${inner.address}, an address inside. An administrator may allow the host in DROVER_WEBHOOK_HOSTS.`);
  return first;
}

function post(message: Message, { address, family }: { address: string; family: number }): Promise<Sent> {
  const { body, headers } = signedRequest(message, Date.now());
  const url = new URL(message.url);
  const { request } = url.protocol === "https:" ? https : http;
  return new Promise((resolve, reject) => {
    const asked = request(url, {
      method: "POST",
      headers: { ...headers, "content-length": Buffer.byteLength(body) },
      agent: false,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      lookup: (_host, options, callback) => (options.all ? callback(null, [{ address, family }]) : callback(null, address, family)),
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
