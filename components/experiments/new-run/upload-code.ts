import { rawUrls } from "../raw-urls.ts";
import type { PackedCode } from "./pack-folder.ts";

/**
 * Sends an archive under its digest. XMLHttpRequest, because fetch cannot tell how far an upload is.
 * @param onProgress Share sent, 0 to 1. @throws Error with the server's words.
 */
export function uploadCode(org: string, code: Pick<PackedCode, "blob" | "sha256">, onProgress: (share: number) => void, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.open("PUT", rawUrls.code(org, code.sha256));
    request.setRequestHeader("content-type", "application/gzip");
    request.upload.addEventListener("progress", (event) => event.lengthComputable && onProgress(event.loaded / event.total));
    request.addEventListener("load", () => (request.status < 300 ? resolve() : reject(new Error(wordsOf(request)))));
    request.addEventListener("error", () => reject(new Error("The server could not be reached. Nothing was lost: try again.")));
    request.addEventListener("abort", () => reject(new DOMException("Stopped.", "AbortError")));
    signal.addEventListener("abort", abort, { once: true });
    request.send(code.blob);
  });
}

function wordsOf(request: XMLHttpRequest): string {
  try {
    const { message } = JSON.parse(request.responseText) as { message?: string };
    if (message) return message;
  } catch {
    // not ours: a proxy's page
  }
  return `The server answered ${request.status} ${request.statusText}.`;
}
