import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { cliEnv } from "./env.ts";
import { CliError, EXIT, usage } from "./errors.ts";

const Config = z.object({ url: z.url(), token: z.string().min(1) });
export type Config = z.infer<typeof Config>;

/** Where one signed in; null when nowhere. @throws CliError when the file is damaged. */
function readConfig(): Config | null {
  const { configFile } = cliEnv();
  let text: string;
  try {
    text = readFileSync(configFile, "utf8");
  } catch {
    return null;
  }
  const parsed = Config.safeParse(parseJson(text));
  if (!parsed.success) throw new CliError(`${configFile} is damaged.`, { advice: "Sign in again with `drover login URL`." });
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Readable by its owner only, and never half written. */
export function saveConfig(config: Config): string {
  const { configFile } = cliEnv();
  mkdirSync(dirname(configFile), { recursive: true, mode: 0o700 });
  const beside = `${configFile}.new`;
  writeFileSync(beside, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  chmodSync(beside, 0o600);
  renameSync(beside, configFile);
  return configFile;
}

/** The server to talk to, environment first. @throws CliError (not signed in) */
export function getConfig(): Config {
  const { url, token } = cliEnv();
  const stored = url && token ? null : readConfig();
  // A stored token belongs to the server that it was made on, and goes nowhere else.
  const storedToken = stored && (!url || sameOrigin(url, stored.url)) ? stored.token : undefined;
  const config = { url: url ?? stored?.url, token: token ?? storedToken };
  if (!config.url || !config.token) throw new CliError(config.url ? `Not signed in to ${config.url}.` : "Not signed in.", { exitCode: EXIT.signedOut, advice: "Sign in with `drover login URL`, or set DROVER_URL and DROVER_TOKEN." });
  return { url: checkedUrl(config.url), token: checkedToken(config.token) };
}

/** @throws CliError (usage) */
export function knownUrl(): string | null {
  const url = cliEnv().url ?? readConfig()?.url;
  return url === undefined ? null : checkedUrl(url);
}

function checkedUrl(url: string): string {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw usage(`${url} is not an address.`, "DROVER_URL is one such as https://drover.example.com");
}

/** Without the line end of the file that it came from. @throws CliError where it has what no header may have: whose error would show it. */
export function checkedToken(text: string): string {
  const token = text.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new CliError("The token has characters that no token has.", { exitCode: EXIT.signedOut, advice: "Copy it once more, or sign in with `drover login URL`." });
}

function sameOrigin(a: string, b: string): boolean {
  return URL.canParse(a) && URL.canParse(b) && new URL(a).origin === new URL(b).origin;
}
