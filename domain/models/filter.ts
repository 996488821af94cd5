/** MLflow's filters of the registry and of logged models: comparisons joined by AND. */

export interface Comparison {
  entity: "attribute" | "tag" | "param" | "metric";
  key: string;
  op: "=" | "!=" | "<" | "<=" | ">" | ">=" | "LIKE" | "ILIKE" | "IN" | "NOT IN";
  value: string | number | string[];
}

const TOKEN = /\s*(?:('(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(`[^`]*`|[A-Za-z_][\w-]*(?:\.[\w-]+)*(?:\.(?:`[^`]*`|"[^"]*"))?)|(<=|>=|!=|<>|=|<|>|\(|\)|,)|(\S))/gy;
const ENTITIES: Record<string, Comparison["entity"]> = { attribute: "attribute", attributes: "attribute", attr: "attribute", tag: "tag", tags: "tag", param: "param", params: "param", parameter: "param", parameters: "param", metric: "metric", metrics: "metric" };
const MAX_COMPARISONS = 50;

interface Token {
  kind: "text" | "number" | "word" | "sign";
  text: string;
}

const bad = (filter: string, why: string): string => `Invalid filter string '${filter.slice(0, 200)}': ${why}`;

function tokensOf(filter: string): Token[] | string {
  const tokens: Token[] = [];
  for (const [, text, number, word, sign, other] of filter.trimEnd().matchAll(TOKEN)) {
    if (other !== undefined) return bad(filter, `there is no meaning to ${other}.`);
    if (text !== undefined) tokens.push({ kind: "text", text: unquoted(text) });
    else if (number !== undefined) tokens.push({ kind: "number", text: number });
    else if (word !== undefined) tokens.push({ kind: "word", text: word });
    else tokens.push({ kind: "sign", text: sign! });
  }
  return tokens;
}

function unquoted(text: string): string {
  return text.slice(1, -1).replace(/''/g, "'").replace(/\\(.)/g, "$1");
}

/** @returns what it asks, or a text that says what is wrong with it. */
export function parseFilter(filter: string): Comparison[] | string {
  const tokens = tokensOf(filter);
  if (typeof tokens === "string") return tokens;
  const found: Comparison[] = [];
  let at = 0;
  while (at < tokens.length) {
    if (found.length > 0) {
      if (!isWord(tokens[at], "AND")) return bad(filter, "comparisons are joined by AND.");
      at += 1;
    }
    const read = readComparison(filter, tokens, at);
    if (typeof read === "string") return read;
    found.push(read.comparison);
    at = read.next;
    if (found.length > MAX_COMPARISONS) return bad(filter, `more than ${MAX_COMPARISONS} comparisons.`);
  }
  return found;
}

const isWord = (token: Token | undefined, word: string): boolean => token?.kind === "word" && token.text.toUpperCase() === word;

function readComparison(filter: string, tokens: Token[], start: number): { comparison: Comparison; next: number } | string {
  const name = tokens[start];
  if (name?.kind !== "word") return bad(filter, "expected a name such as name or tags.key.");
  const left = readName(name.text);
  let at = start + 1;
  let op = tokens[at]?.text.toUpperCase() ?? "";
  if (op === "NOT" && isWord(tokens[at + 1], "IN")) {
    op = "NOT IN";
    at += 1;
  }
  if (op === "<>") op = "!=";
  at += 1;
  if (!["=", "!=", "<", "<=", ">", ">=", "LIKE", "ILIKE", "IN", "NOT IN"].includes(op)) return bad(filter, `expected a comparison after ${name.text}.`);
  const value = op.endsWith("IN") ? readList(tokens, at) : readValue(tokens, at);
  if (!value) return bad(filter, op.endsWith("IN") ? "expected a list of texts in parentheses." : `expected a quoted text or a number after ${op}.`);
  return { comparison: { ...left, op: op as Comparison["op"], value: value.value }, next: value.next };
}

function readName(text: string): Pick<Comparison, "entity" | "key"> {
  const plain = (key: string) => key.replace(/^[`"]|[`"]$/g, "");
  const dot = text.startsWith("`") ? -1 : text.indexOf(".");
  const entity = dot > 0 ? ENTITIES[text.slice(0, dot).toLowerCase()] : undefined;
  return entity ? { entity, key: plain(text.slice(dot + 1)) } : { entity: "attribute", key: plain(text) };
}

function readValue(tokens: Token[], at: number): { value: string | number; next: number } | null {
  const token = tokens[at];
  if (token?.kind === "text") return { value: token.text, next: at + 1 };
  return token?.kind === "number" ? { value: Number(token.text), next: at + 1 } : null;
}

function readList(tokens: Token[], start: number): { value: string[]; next: number } | null {
  if (tokens[start]?.text !== "(") return null;
  const value: string[] = [];
  let at = start + 1;
  for (;;) {
    const token = tokens[at];
    if (token?.kind !== "text") return null;
    value.push(token.text);
    const after = tokens[at + 1]?.text;
    if (after === ")") return { value, next: at + 2 };
    if (after !== ",") return null;
    at += 2;
  }
}

/** One term of `order_by`, such as `name DESC`. null for what is none. */
export function parseOrder(text: string): { field: string; descending: boolean } | null {
  const match = /^\s*([`\w.-]+?)`?(?:\s+(asc|desc))?\s*$/i.exec(text);
  return match ? { field: match[1]!.replace(/^(?:attributes?|attr)\./i, "").replaceAll("`", ""), descending: match[2]?.toLowerCase() === "desc" } : null;
}
