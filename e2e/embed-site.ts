import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Factories } from "../db/factories.ts";
import { freePort, stackUnderTest } from "./stack.ts";

const HOST_SITE = resolve(import.meta.dirname, "../examples/embed-host/server.mjs");

/** The example site, as its README starts it. */
export async function startSite(env: Record<string, string>): Promise<ChildProcess> {
  const child = spawn(process.execPath, [HOST_SITE], { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] });
  await new Promise<void>((done, fail) => {
    child.stdout!.on("data", (text: Buffer) => text.toString().startsWith("ready") && done());
    child.once("exit", (code) => fail(new Error(`The site ended with ${code}.`)));
  });
  return child;
}

/** A folder with a site's key, as its backend reads it: for its maker to remove. */
export function keyFolder(key: KeyObject): { folder: string; file: string } {
  const folder = mkdtempSync(join(tmpdir(), "drover-site-"));
  const file = join(folder, "embed.key");
  writeFileSync(file, key.export({ type: "pkcs8", format: "pem" }));
  return { folder, file };
}

/** A report, and a site that may show it whole: what the example site is started with. */
export async function reportSite(make: Factories, org: { id: string; slug: string }): Promise<{ env: Record<string, string>; port: string; folder: string }> {
  const pair = generateKeyPairSync("ed25519");
  const port = String(await freePort());
  const { client, report } = await make.embed(org, "What it costs", "Portal", { origins: [`http://127.0.0.1:${port}`], mustFilter: false, publicKey: pair.publicKey.export({ type: "spki", format: "pem" }).toString() });
  const { folder, file } = keyFolder(pair.privateKey);
  return { env: { DROVER_URL: stackUnderTest().url, EMBED_CLIENT: client.id, EMBED_REPORT: report.id, EMBED_KEY_FILE: file, PORT: port }, port, folder };
}
