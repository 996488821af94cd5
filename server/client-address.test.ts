import { describe, expect, it } from "vitest";
import { clientAddress, networkOf, readProxies } from "./client-address.ts";

const proxies = readProxies("10.0.0.0/8, 127.0.0.1, fd00::/8");
const none = readProxies("");

describe("the address that a request comes from", () => {
  it.each([
    { says: "is the connection's, whatever a header claims, while no proxy is trusted", peer: "10.0.0.1", forwarded: "1.1.1.1", known: none, is: "10.0.0.1" },
    { says: "is the connection's when that is no trusted proxy", peer: "8.8.8.8", forwarded: "1.1.1.1", known: proxies, is: "8.8.8.8" },
    { says: "is what a trusted proxy heard", peer: "10.0.0.1", forwarded: "1.1.1.1", known: proxies, is: "1.1.1.1" },
    { says: "is found behind several trusted proxies", peer: "::ffff:127.0.0.1", forwarded: "1.1.1.1, 10.2.3.4", known: proxies, is: "1.1.1.1" },
    { says: "is never one that the client made up further left", peer: "10.0.0.1", forwarded: "6.6.6.6, 1.1.1.1", known: proxies, is: "1.1.1.1" },
    { says: "is the proxy's when it forwards nothing", peer: "10.0.0.1", forwarded: null, known: proxies, is: "10.0.0.1" },
    { says: "is the proxy's when it forwards no address", peer: "10.0.0.1", forwarded: "unknown", known: proxies, is: "10.0.0.1" },
    { says: "may be of IPv6", peer: "fd00::1", forwarded: "2001:db8::7", known: proxies, is: "2001:db8::7" },
    { says: "is unknown without a connection", peer: undefined, forwarded: "1.1.1.1", known: proxies, is: "unknown" },
  ])("$says", ({ peer, forwarded, known, is }) => expect(clientAddress(peer, forwarded, known)).toBe(is));

  it.each(["10.0.0.0/33", "proxy.internal", "10.0.0.0/", "fd00::/129"])("trusts no proxy called %s", (entry) => expect(() => readProxies(entry)).toThrow(entry));
});

describe("the network that tries are counted by", () => {
  it.each([
    { address: "8.8.8.8", is: "8.8.8.8" },
    { address: "unknown", is: "unknown" },
    { address: "2001:db8:1:2:3:4:5:6", is: "2001:db8:1:2::/64" },
    { address: "2001:db8:1:2::9", is: "2001:db8:1:2::/64" },
    { address: "2001:0DB8:0001:0002:ffff::1.2.3.4", is: "2001:db8:1:2::/64" },
    { address: "2001:db8::7", is: "2001:db8:0:0::/64" },
    { address: "::1", is: "0:0:0:0::/64" },
    { address: "1::", is: "1:0:0:0::/64" },
    { address: "1:2:3:4:5:6:7::", is: "1:2:3:4::/64" },
    { address: "fe80::1%eth0", is: "fe80:0:0:0::/64" },
  ])("of $address is $is", ({ address, is }) => expect(networkOf(address)).toBe(is));
});
