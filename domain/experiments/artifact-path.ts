/** UTF-8 bytes of a path that fit into the indexes it is found by, whose entries hold 2,704 with all else that is in them. */
export const MAX_PATH_BYTES = 2500;

/** Why a path from outside may not name an artifact; null when it may. Relative, one way to write it, never climbing. */
export function artifactPathProblem(path: string): string | null {
  if (path.startsWith("/") || /^[A-Za-z]:/.test(path)) return "Use a path inside the run's folder, not an absolute one.";
  if (path.includes("\\") || hasControl(path)) return "Backslashes and control characters are not allowed in a path.";
  const parts = path.split("/");
  if (parts.includes("..") || parts.includes(".")) return "A path must not climb: no . or .. in it.";
  if (parts.includes("")) return "A path must not have empty parts.";
  return new TextEncoder().encode(path).length > MAX_PATH_BYTES ? `A path may have at most ${MAX_PATH_BYTES} bytes.` : null;
}

function hasControl(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) < 32 || text.charCodeAt(at) === 127) return true;
  return false;
}

const TYPES: Record<string, string> = {
  txt: "text/plain", log: "text/plain", md: "text/markdown", csv: "text/csv", tsv: "text/tab-separated-values", html: "text/html", json: "application/json", jsonl: "application/jsonl",
  yaml: "application/yaml", yml: "application/yaml", xml: "application/xml", pdf: "application/pdf", png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif", webp: "image/webp",
  svg: "image/svg+xml", mp4: "video/mp4", webm: "video/webm", wav: "audio/wav", mp3: "audio/mpeg", zip: "application/zip", gz: "application/gzip", tgz: "application/gzip", tar: "application/x-tar",
  zst: "application/zstd", parquet: "application/vnd.apache.parquet", py: "text/x-python", ipynb: "application/x-ipynb+json", npy: "application/octet-stream", npz: "application/zip",
};

const extensionOf = (path: string) => /\.([A-Za-z0-9]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";

/** Guessed by extension alone: the bytes are never trusted to say what they are. */
export const contentTypeOf = (path: string): string => TYPES[extensionOf(path)] ?? "application/octet-stream";

/** Whether a file looks like a checkpoint: by its folder, or by the extensions that frameworks give weights. */
export const isCheckpointPath = (path: string): boolean => /(^|\/)checkpoints?\//i.test(path) || ["ckpt", "pt", "pth", "safetensors"].includes(extensionOf(path));

/** What programs write for TensorBoard: `events.out.tfevents.<time>.<host>…`. */
export const isEventFile = (path: string): boolean => /(^|\/)[^/]*\.?tfevents\.[^/]+$/.test(path);

/**
 * Names under which tags of several event files are told apart, by path: TensorBoard takes each folder for a run, so the folders
 * below the deepest that all of them share come before the tag. Empty where there is one folder only.
 */
export function eventPrefixes(paths: readonly string[]): Map<string, string> {
  const folders = new Map(paths.map((path) => [path, path.split("/").slice(0, -1)]));
  const [first = [], ...rest] = folders.values();
  let shared = first.length;
  for (const folder of rest) while (shared > 0 && first.slice(0, shared).some((part, at) => folder[at] !== part)) shared -= 1;
  return new Map([...folders].map(([path, folder]) => [path, folder.slice(shared).map((part) => `${part}/`).join("")]));
}

/** As a metric may be called; signs that it may not have become `_`. Null where nothing is left. */
export function metricKeyOf(tag: string): string | null {
  const parts = tag.replace(/[^A-Za-z0-9_\-. :/]/g, "_").split("/").filter((part) => part !== "" && part !== "." && part !== "..");
  return parts.join("/").slice(0, 250) || null;
}
