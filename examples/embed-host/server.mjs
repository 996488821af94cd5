// A site that shows a Drover report. Its own sign-in decides who gets a token; here everybody does.
import { createPrivateKey, randomUUID, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const { DROVER_URL = "http://localhost:7070", EMBED_CLIENT = "", EMBED_REPORT = "", EMBED_KEY_FILE = "embed.key", EMBED_PROJECTS, EMBED_THEME, HOST = "127.0.0.1", PORT = "8080" } = process.env;
const key = createPrivateKey(readFileSync(EMBED_KEY_FILE));
const origin = `http://${HOST}:${PORT}`;
const base64 = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

function token(viewer) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: EMBED_CLIENT, aud: `${new URL(DROVER_URL).origin}/embed`, sub: viewer, jti: randomUUID(), iat: now, exp: now + 120, rep: [EMBED_REPORT], ori: origin, cap: ["csv"] };
  if (EMBED_PROJECTS) claims.flt = { project: EMBED_PROJECTS.split(",") };
  if (EMBED_THEME) claims.thm = JSON.parse(EMBED_THEME);
  const text = `${base64({ alg: "EdDSA", typ: "embed+jwt" })}.${base64(claims)}`;
  return `${text}.${sign(null, Buffer.from(text), key).toString("base64url")}`;
}

const page = readFileSync(new URL("index.html", import.meta.url), "utf8").replaceAll("{{drover}}", DROVER_URL).replaceAll("{{client}}", EMBED_CLIENT).replaceAll("{{report}}", EMBED_REPORT);

createServer((request, response) => {
  if (request.method === "POST" && request.url === "/drover-token") return response.writeHead(200, { "content-type": "text/plain", "cache-control": "no-store" }).end(token("visitor-1"));
  if (request.url === "/") return response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page);
  response.writeHead(404).end();
}).listen(Number(PORT), HOST, () => console.log(`ready: ${origin}`));
