import { expect, it } from "vitest";
import { fetchKeys } from "./jwks.ts";

process.env.DATABASE_URL ??= "postgres://nobody@localhost/none"; // only the list of allowed hosts is read
process.env.DROVER_SECRET ??= "s".repeat(32);

it.each(["http://10.0.0.1/jwks.json", "https://169.254.169.254/latest/meta-data", "http://127.0.0.1:1/jwks.json", "http://[::1]/jwks.json"])("a set of keys is not asked for at %s, inside the server's own network", async (address) => {
  await expect(fetchKeys(new URL(address))).rejects.toThrow("an address inside");
});
