import { FilterError, type Span } from "./ast.ts";

export type Token = Span &
  (
    | { kind: "word"; text: string } // a name or keyword, without quotes
    | { kind: "quoted"; text: string; quote: '"' | "'" | "`" }
    | { kind: "number"; value: number; text: string }
    | { kind: "op"; text: string } // = != <> < <= > >=
    | { kind: "punctuation"; text: "(" | ")" | "," | "." }
    | { kind: "end" }
  );

const SPACE = /\s/;
const WORD = /[\p{L}\p{N}_/:$@#%*+-]/u;
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/;

/**
 * Text into tokens, ending with `end`. A quote is written twice inside itself, or after a backslash.
 * @throws FilterError where a quote is not closed or a character means nothing.
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const character = text[at]!;
    if (SPACE.test(character)) at += 1;
    else {
      const token = tokenAt(text, at, tokens.at(-1));
      tokens.push(token);
      at = token.to;
    }
  }
  return [...tokens, { kind: "end", from: text.length, to: text.length }];
}

const SAME: Record<string, string> = { "<>": "!=", "==": "=" };

function tokenAt(text: string, at: number, before: Token | undefined): Token {
  const character = text[at]!;
  if (character === "'" || character === '"' || character === "`") return quotedAt(text, at, character);
  if (character === "(" || character === ")" || character === ",") return { kind: "punctuation", text: character, from: at, to: at + 1 };
  const op = /^(?:!=|<>|<=|>=|==|=|<|>)/.exec(text.slice(at, at + 2))?.[0];
  if (op) return { kind: "op", text: SAME[op] ?? op, from: at, to: at + op.length };
  // After a dot comes a name, whatever it looks like: metrics.1 is one.
  const afterDot = before?.kind === "punctuation" && before.text === "." && before.to === at;
  return afterDot ? wordAt(text, at, true) : (numberAt(text, at) ?? (character === "." ? { kind: "punctuation", text: ".", from: at, to: at + 1 } : wordAt(text, at, false)));
}

function numberAt(text: string, at: number): Token | null {
  const number = NUMBER.exec(text.slice(at, at + 400))?.[0];
  if (!number || WORD.test(text[at + number.length] ?? " ")) return null;
  return { kind: "number", value: Number(number), text: number, from: at, to: at + number.length };
}

/** The name after the entity's dot may hold dots itself: tags.mlflow.user. */
function wordAt(text: string, from: number, withDots: boolean): Token {
  let to = from;
  while (to < text.length && (WORD.test(text[to]!) || (withDots && text[to] === "."))) to += 1;
  if (to === from) throw new FilterError(`"${text[from]}" means nothing here. Names with unusual characters go into backticks or double quotes.`, { from, to: from + 1 });
  return { kind: "word", text: text.slice(from, to), from, to };
}

function quotedAt(text: string, from: number, quote: '"' | "'" | "`"): Token {
  let value = "";
  for (let at = from + 1; at < text.length; at += 1) {
    const character = text[at]!;
    if (character === "\\" && (text[at + 1] === quote || text[at + 1] === "\\")) {
      value += text[at + 1];
      at += 1;
    } else if (character === quote && text[at + 1] === quote) {
      value += quote;
      at += 1;
    } else if (character === quote) return { kind: "quoted", text: value, quote, from, to: at + 1 };
    else value += character;
  }
  throw new FilterError(`This ${quote} is never closed.`, { from, to: text.length });
}
