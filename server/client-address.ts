import { BlockList, isIP } from "node:net";
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import { env } from "../env.ts";

const UNKNOWN = "unknown";
/** An IPv4 address as a socket of both kinds writes it. */
const plain = (address: string): string => address.trim().replace(/^::ffff:(?=\d+\.)/i, "");
const kindOf = (address: string) => (isIP(address) === 6 ? "ipv6" : "ipv4");

/** @throws Error that names the entry which is neither an address nor a network. */
export function readProxies(list: string): BlockList {
  const known = new BlockList();
  for (const entry of list.split(",").map((word) => word.trim()).filter(Boolean)) {
    const [address = "", prefix] = entry.split("/");
    const longest = isIP(address) === 6 ? 128 : 32;
    const length = prefix === undefined ? longest : Number(prefix);
    if (isIP(address) === 0 || !/^\d{1,3}$/.test(prefix ?? "0") || length > longest) throw new Error(`${entry} is neither an address nor a network such as 10.0.0.0/8.`);
    known.addSubnet(address, length, kindOf(address));
  }
  return known;
}

let trusted: BlockList | undefined;

/**
 * Who really asks. Without trusted proxies, the other end of the connection. Behind them, the nearest address in
 * X-Forwarded-For that is none of them: each proxy appends whom it heard, so only what lies further left can be made up.
 */
export function clientAddress(peer: string | undefined, forwarded: string | null | undefined, proxies: BlockList = (trusted ??= readProxies(env().DROVER_TRUSTED_PROXIES))): string {
  const isTrusted = (address: string) => isIP(address) !== 0 && proxies.check(address, kindOf(address));
  let heard = plain(peer ?? "");
  for (const hop of (forwarded ?? "").split(",").map(plain).reverse()) {
    if (!isTrusted(heard) || isIP(hop) === 0) break;
    heard = hop;
  }
  return heard || UNKNOWN;
}

/**
 * What one caller has to itself, by which tries are counted: an IPv4 address, but of IPv6 the first half. Whoever has an
 * address of that has all of the other half to choose from.
 */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = "", tail] = address.split("%", 1)[0]!.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const after = groups(tail ?? "").flatMap((group) => (group.includes(".") ? ["0", "0"] : [group])); // an IPv4 address fills two
  const missing = tail === undefined ? 0 : 8 - groups(head).length - after.length;
  const all = [...groups(head), ...Array.from({ length: missing }, () => "0"), ...after];
  return `${all.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16)).join(":")}::/64`;
}

/** Where one request comes from. Nobody's where there is no connection, as in tests. */
export const addressOf = (c: Context): string => networkOf(clientAddress((c.env as Partial<HttpBindings> | undefined)?.incoming?.socket.remoteAddress, c.req.header("x-forwarded-for")));
