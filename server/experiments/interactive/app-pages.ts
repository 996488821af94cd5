import type { ServerResponse } from "node:http";
import { env } from "../../../env.ts";

const escape = (text: string) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

function page(title: string, body: string, head = ""): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">${head}<title>${escape(title)}</title>
<style>body{font:14px/1.5 system-ui,sans-serif;max-width:60ch;margin:18vh auto 0;padding:0 24px}h1{font-size:18px;font-weight:600}a{color:inherit}</style></head>
<body><main><h1>${escape(title)}</h1>${body}</main></body></html>`;
}

const HEADERS = { "content-type": "text/html; charset=utf-8", "cache-control": "no-store", "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'" };

/** Nobody known calls: the way in is through the console. */
export function saySignIn(response: ServerResponse): void {
  response.writeHead(401, HEADERS).end(page("Open this app from its run", `<p>You are not signed in to this app, or your time in it is over. Open the run in <a href="${escape(env().DROVER_URL)}">Drover</a> and use its button.</p>`));
}

/** It does not answer yet, or not any more. Tries again by itself: most apps need a while to start. */
export function sayUnavailable(response: ServerResponse, why: string): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(503, { ...HEADERS, "retry-after": "3" }).end(page("This app does not answer", `<p>${escape(why)}</p><p>This page tries again every three seconds.</p>`, '<meta http-equiv="refresh" content="3">'));
}
