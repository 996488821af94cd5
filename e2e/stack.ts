import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { startSmtpServer, type TakenMail } from "../scripts/test/smtp-server.ts";

/** A running Drover that the tests talk to. */
export interface StackUnderTest {
  url: string;
  databaseUrl: string;
  /** Signs sessions: fixtures sign people in without the form. */
  secret: string;
  /** The one-time link that `./drover up` printed. */
  setupLink: string;
  folder: string;
  /** A folder with one JSON file for each mail that its SMTP server took: to, subject, text, files (name, bytes in base64). */
  mails: string;
}

const ROOT = resolve(import.meta.dirname, "..");
const VARIABLE = "DROVER_E2E_STACK";
const START_SECONDS = 300; // the first start may build the pages

/** The stack of this run, as the global setup left it. */
export function stackUnderTest(): StackUnderTest {
  const told = process.env[VARIABLE];
  if (!told) throw new Error(`${VARIABLE} is not set: run through playwright test, whose global setup starts a stack.`);
  return JSON.parse(told) as StackUnderTest;
}

/** Playwright's global setup: a real `./drover up` on a free port with a state folder of its own. */
export default async function setup(): Promise<() => Promise<void>> {
  if (process.env[VARIABLE]) return async () => {};
  const parent = join(ROOT, ".drover", "test");
  mkdirSync(parent, { recursive: true, mode: 0o711 });
  const folder = mkdtempSync(join(parent, "e2e-"));
  const port = await freePort();
  const mails = join(folder, "mails");
  mkdirSync(mails);
  const smtp = await startSmtpServer({ onMail: (taken) => keepMail(mails, taken) });
  const { DATABASE_URL: _own, DROVER_URL: _url, DROVER_SECRET: _secret, DROVER_OBJECTS: _objects, ...env } = process.env;
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", join(ROOT, "scripts/drover.ts"), "up", "--port", String(port), "--stop-jobs", "--no-open"], {
    cwd: ROOT,
    // Shells of terminals read nobody's own start-up files: what those wait for, the tests would wait for.
    env: { ...env, HOME: folder, DROVER_STATE: folder, DROVER_SMTP: smtp.url, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const setupLink = await readLink(child);
  const stack: StackUnderTest = { url: `http://localhost:${port}`, databaseUrl: databaseUrl(folder), secret: readFileSync(join(folder, "secret"), "utf8").trim(), setupLink, folder, mails };
  process.env[VARIABLE] = JSON.stringify(stack);
  return async () => {
    const gone = new Promise((done) => child.once("exit", done));
    child.kill("SIGTERM");
    await gone;
    await smtp.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}

function keepMail(folder: string, { to, mail }: TakenMail): void {
  const files = mail.attachments.map(({ filename, content }) => ({ name: filename, bytes: content.toString("base64") }));
  const name = join(folder, `${Date.now()}-${randomUUID()}.json`);
  writeFileSync(`${name}.part`, JSON.stringify({ to, subject: mail.subject, text: mail.text, files }));
  renameSync(`${name}.part`, name); // whole, or not there
}

function readLink(child: ChildProcess): Promise<string> {
  return new Promise((done, fail) => {
    let said = "";
    const timer = setTimeout(() => fail(new Error(`./drover up printed no link in ${START_SECONDS} s. It said:\n${said}`)), START_SECONDS * 1000);
    child.once("exit", (code) => fail(new Error(`./drover up ended with ${code}. It said:\n${said}`)));
    child.stdout!.on("data", (chunk: Buffer) => {
      process.stdout.write(chunk);
      said += chunk.toString();
      const link = /http:\/\/\S+\/setup\?token=\S+/.exec(said)?.[0];
      if (!link) return;
      clearTimeout(timer);
      done(link);
    });
  });
}

function databaseUrl(folder: string): string {
  const place = join(folder, "postgres");
  const read = (name: string) => readFileSync(join(place, name), "utf8").trim();
  return `postgres://app:${read("password")}@127.0.0.1:${read("port")}/drover`;
}

export function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });
}
