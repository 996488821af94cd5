import { lookup as resolveName } from "node:dns/promises";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { env } from "../env.ts";

/** Addresses that are this machine, its network, or nobody: an address that somebody gave must not make the server call them. */
const INNER = new BlockList();
for (const [net, bits] of [["0.0.0.0", 8], ["10.0.0.0", 8], ["100.64.0.0", 10], ["127.0.0.0", 8], ["169.254.0.0", 16], ["172.16.0.0", 12], ["192.0.0.0", 24], ["192.0.2.0", 24], ["192.88.99.0", 24], ["192.168.0.0", 16], ["198.18.0.0", 15], ["198.51.100.0", 24], ["203.0.113.0", 24], ["224.0.0.0", 4], ["240.0.0.0", 4]] as const) INNER.addSubnet(net, bits, "ipv4");
for (const [net, bits] of [["::", 96], ["::ffff:0:0:0", 96], ["64:ff9b::", 96], ["64:ff9b:1::", 48], ["100::", 64], ["2001::", 23], ["2001:db8::", 32], ["2002::", 16], ["3fff::", 20], ["5f00::", 16], ["fc00::", 7], ["fe80::", 10], ["fec0::", 10], ["ff00::", 8]] as const) INNER.addSubnet(net, bits, "ipv6");

/** Is an address one that everybody may call? */
export const isPublicAddress = (address: string): boolean => {
  const family = isIP(address);
  return family !== 0 && !INNER.check(address, family === 6 ? "ipv6" : "ipv4");
};

/**
 * For a request to an address that somebody gave: it can only go where was looked, whatever the name leads to a moment later.
 * @throws Error that says why nobody may be called there.
 */
export async function checkedLookup(url: URL): Promise<LookupFunction> {
  const { address, family } = await allowedAddress(url.hostname.replace(/^\[|\]$/g, ""));
  return (_host, options, callback) => (options.all ? callback(null, [{ address, family }]) : callback(null, address, family));
}

async function allowedAddress(host: string): Promise<{ address: string; family: number }> {
  const found = isIP(host) ? [{ address: host, family: isIP(host) }] : await resolveName(host, { all: true });
  const [first] = found;
  if (!first) throw new Error(`${host} has no address.`);
  if (env().DROVER_WEBHOOK_HOSTS.includes(host)) return first;
  const inner = found.find(({ address }) => !isPublicAddress(address));
  if (inner) throw new Error(`${host} leads to ${inner.address}, an address inside. An administrator may allow the host in DROVER_WEBHOOK_HOSTS.`);
  return first;
}

