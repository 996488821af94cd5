import { gzipSync } from "node:zlib";

/** Scripts that a page's HTML names, in tags or in the rows that hydrate it; without the polyfill for browsers that know no modules. */
function scriptsOf(html: string): string[] {
  const legacy = new Set([...html.matchAll(/<script[^>]*src="([^"?]+)[^>]*\snomodule/gi)].map(([, path]) => path!));
  const named = [...html.matchAll(/\/_next\/static\/chunks\/[\w.~/-]+\.js/g)].map(([path]) => path);
  return [...new Set(named)].filter((path) => !legacy.has(path));
}

/** Kilobytes of JavaScript, each file gzipped, that a page needs before it can be used. 1 kB = 1,000 bytes. */
export class FirstLoad {
  readonly #origin: string;
  readonly #cookie: string;
  readonly #sizes = new Map<string, number>();

  constructor(origin: string, cookie: string) {
    this.#origin = origin;
    this.#cookie = cookie;
  }

  /** @throws Error when the page is not shown. */
  async of(path: string): Promise<number> {
    const answer = await fetch(this.#origin + path, { headers: { cookie: this.#cookie }, redirect: "error" });
    const html = await answer.text();
    const scripts = scriptsOf(html);
    if (answer.status >= 500 || scripts.length === 0) throw new Error(`${path} answered ${answer.status} and names ${scripts.length} scripts.`);
    let bytes = 0;
    for (const script of scripts) bytes += await this.#size(script);
    return bytes / 1000;
  }

  async #size(script: string): Promise<number> {
    const known = this.#sizes.get(script);
    if (known !== undefined) return known;
    const answer = await fetch(this.#origin + script);
    if (!answer.ok) throw new Error(`${script} answered ${answer.status}.`);
    const size = gzipSync(Buffer.from(await answer.arrayBuffer())).length;
    this.#sizes.set(script, size);
    return size;
  }
}
