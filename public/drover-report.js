// <drover-report src="https://drover.example" client="ecl_…" report="erp_…" token-url="/drover-token"></drover-report>
// A thin hull around a sandboxed frame: it fetches a token from your own server whenever the frame asks, and tells you what
// happens by events (ready, loaded, resize, token-expiring, theme-warning, error). No cookie, no dependency. See docs/embedding.md.
const LOOKS = ["accent", "background", "foreground", "muted", "border", "radius", "font", "density"];
const SHOWN = ["report", "theme", "locale", "currency", ...LOOKS];

class DroverReport extends HTMLElement {
  static observedAttributes = ["src", "client", ...SHOWN];
  #frame = null;
  #hear = (event) => this.#heard(event);

  /** Where a token comes from: a function, or the address in `token-url`. */
  getToken = null;

  connectedCallback() {
    window.addEventListener("message", this.#hear);
    this.#draw();
  }

  disconnectedCallback() {
    window.removeEventListener("message", this.#hear);
    this.#frame?.remove();
    this.#frame = null;
  }

  attributeChangedCallback(_name, before, after) {
    if (this.isConnected && before !== after) this.#draw();
  }

  #draw() {
    const [src, client] = [this.getAttribute("src"), this.getAttribute("client")];
    if (!src || !client) return;
    const url = new URL(`/embed/${encodeURIComponent(client)}`, src);
    for (const name of SHOWN) if (this.getAttribute(name)) url.searchParams.set(name, this.getAttribute(name));
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-downloads");
    frame.referrerPolicy = "no-referrer";
    frame.title = this.getAttribute("title") ?? "Cost report";
    frame.style.cssText = "display:block;width:100%;height:480px;border:0";
    frame.src = url.href;
    this.#frame?.remove();
    this.#frame = frame;
    this.append(frame);
  }

  async #heard(event) {
    const said = event.data;
    if (!this.#frame || event.source !== this.#frame.contentWindow || event.origin !== new URL(this.getAttribute("src")).origin || said?.source !== "drover-report") return;
    if (said.type === "resize" && Number.isFinite(said.height)) this.#frame.style.height = `${Math.min(20_000, Math.max(80, said.height))}px`;
    this.dispatchEvent(new CustomEvent(said.type, { detail: said }));
    if (said.type !== "ready" && said.type !== "token-expiring") return;
    try {
      const token = await this.#token();
      this.#frame?.contentWindow?.postMessage({ type: "drover-token", nonce: said.nonce, token }, event.origin);
    } catch (error) {
      this.dispatchEvent(new CustomEvent("error", { detail: { code: "no-token", message: String(error) } }));
    }
  }

  async #token() {
    if (this.getToken) return this.getToken();
    const answer = await fetch(this.getAttribute("token-url"), { method: "POST", headers: { accept: "text/plain" } });
    if (!answer.ok) throw new Error(`The page's server gave no token: ${answer.status}`);
    return (await answer.text()).trim();
  }
}

if (!customElements.get("drover-report")) customElements.define("drover-report", DroverReport);
