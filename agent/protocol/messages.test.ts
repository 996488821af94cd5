import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import * as messages from "./messages.ts";

const GOLDEN = path.join(import.meta.dirname, "golden");
const pascal = (name: string) => name.replaceAll(/(^|-)(.)/g, (_, _dash, letter: string) => letter.toUpperCase());
const schemaOf = (name: string) => (messages as unknown as Record<string, z.ZodType>)[pascal(name)];

/** Recorded once per version and never edited: an agent of that version says and hears exactly this. */
describe.each(await readdir(GOLDEN))("golden messages of %s", async (version) => {
  const names = (await readdir(path.join(GOLDEN, version))).map((file) => file.replace(".json", ""));

  it.each(names)("%s is still understood, whole", async (name) => {
    const text = await readFile(path.join(GOLDEN, version, `${name}.json`), "utf8");
    expect(schemaOf(name)?.parse(JSON.parse(text))).toEqual(JSON.parse(text));
  });
});

describe("the protocol", () => {
  it("has golden messages for every version that it speaks", async () => {
    const versions = Array.from({ length: messages.PROTOCOL_VERSION - messages.OLDEST_VERSION + 1 }, (_, at) => `v${messages.OLDEST_VERSION + at}`);
    expect(await readdir(GOLDEN)).toEqual(expect.arrayContaining(versions));
  });
  it("lets the server add fields to its answers, and the agent add none to its messages", () => {
    expect(messages.Joined.parse({ session: "s", leaseSeconds: 1, serverTime: 1, newer: true })).toEqual({ session: "s", leaseSeconds: 1, serverTime: 1 });
    expect(messages.ArtifactManifest.safeParse({ attemptId: "a", fence: "1", files: [], newer: true }).success).toBe(false);
  });
  it("tells an end for want of capacity in the older word to a server that does not take the new one", () => {
    const report = { seq: 3, exit: { cause: "capacity" as const, detail: "resources.gpus" } };
    expect(messages.inWordsOf([], report)).toEqual({ seq: 3, exit: { cause: "setup_failed", detail: "resources.gpus" } });
    expect(messages.inWordsOf(Object.keys(messages.LATER_CAUSES), report)).toBe(report);
    expect(messages.inWordsOf([], { exit: { cause: "oom" as const } }).exit.cause).toBe("oom");
  });
  it("signs every part on a line of its own", () => {
    expect(messages.signingText({ method: "POST", path: "/p", agent: "a", session: "", time: "1", nonce: "n", bodySha256: "h" })).toBe("drover-agent-v1\nPOST\n/p\na\n\n1\nn\nh");
  });
});
