/** How a file can be looked at in the console; null: only downloaded. */
export type PreviewKind = "image" | "json" | "csv" | "text";

const IMAGE = /^image\/(?:png|jpeg|gif|webp|svg\+xml)(?:;|$)/;
const TEXT_NAME = /\.(?:txt|log|md|ya?ml|toml|ini|cfg|conf|py|sh|js|mjs|ts|r|jl|sql|tex|jsonl|ndjson|out|err|patch|diff|xml)$|(?:^|\/)(?:README|LICENSE|Makefile|Dockerfile|requirements)[^/]*$/i;

/** By name first: agents guess types, and people name their files. */
export function previewKind(path: string, contentType: string): PreviewKind | null {
  if (IMAGE.test(contentType)) return "image";
  if (/\.json$/i.test(path) || /^application\/json(?:;|$)/.test(contentType)) return "json";
  if (/\.[ct]sv$/i.test(path) || /^text\/(?:csv|tab-separated-values)(?:;|$)/.test(contentType)) return "csv";
  if (TEXT_NAME.test(path) || /^text\//.test(contentType)) return "text";
  return null;
}

/** Bytes of a file that a preview reads; the rest is in the download. */
export const PREVIEW_BYTES = 256 * 1024;
/** Larger images are not fetched for a preview. */
export const PREVIEW_IMAGE_BYTES = 16 * 1024 * 1024;
export const PREVIEW_ROWS = 200;

const JSON_PIECE = /"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g;

/** Indented where it is whole and valid, with every number and name as the file has it; as it is otherwise. */
export function prettyJson(text: string): string {
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  let out = "";
  let depth = 0;
  let before = "";
  for (const [piece] of text.matchAll(JSON_PIECE)) {
    const isClosing = piece === "}" || piece === "]";
    const isOpen = before === "{" || before === "[";
    if (isClosing) depth -= 1;
    if (isClosing ? !isOpen : isOpen || before === ",") out += `\n${"  ".repeat(depth)}`;
    if (piece === "{" || piece === "[") depth += 1;
    out += piece.startsWith('"') ? JSON.stringify(JSON.parse(piece)) : piece === ":" ? ": " : piece; // a text as its letters, not as its escapes
    before = piece;
  }
  return out;
}

/**
 * First rows of a CSV or TSV, quotes and line breaks inside them honoured.
 * @param whole false when the text was cut: its last, perhaps unfinished row is left out.
 */
export function csvRows(text: string, maxRows: number, whole: boolean): { rows: string[][]; more: boolean } {
  const separator = separatorOf(text);
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at]!;
    if (quoted) {
      if (char !== '"') cell += char;
      else if (text[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else quoted = false;
    } else if (char === '"' && cell === "") quoted = true;
    else if (char === separator) {
      row.push(cell);
      cell = "";
    } else if (char === "\n") {
      rows.push([...row, cell.replace(/\r$/, "")]);
      if (rows.length >= maxRows) return { rows, more: at < text.length - 1 || !whole };
      row = [];
      cell = "";
    } else cell += char;
  }
  if (whole && (cell !== "" || row.length > 0)) rows.push([...row, cell]);
  return { rows, more: !whole };
}

function separatorOf(text: string): string {
  const first = text.slice(0, text.indexOf("\n") < 0 ? 4000 : text.indexOf("\n"));
  const count = (char: string) => first.split(char).length;
  return [",", "\t", ";"].reduce((best, char) => (count(char) > count(best) ? char : best), ",");
}
