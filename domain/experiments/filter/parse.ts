import { AMOUNT, type Comparison, DATASET_FIELDS, type Entity, ENTITY_ALIASES, type Filter, FilterError, type Names, type Order, type Ordering, RUN_NAMES, type Span } from "./ast.ts";
import { type Token, tokenize } from "./lexer.ts";

/** Longest text and deepest nesting that are taken: a filter is written by hand, or by a form. */
const MAX_TEXT = 20_000;
const MAX_DEPTH = 32;
const MAX_COMPARISONS = 200;

/** A filter; null for an empty one, which every run matches. @throws FilterError */
export function parseFilter(text: string, names: Names = RUN_NAMES): Filter | null {
  const parser = new Parser(text, names);
  if (parser.peek().kind === "end") return null;
  const filter = parser.either(0);
  parser.expectEnd();
  return filter;
}

/** One `order_by`: a name, then asc or desc. @throws FilterError */
export function parseOrder(text: string, names: Names = RUN_NAMES): Order {
  const parser = new Parser(text, names);
  const { entity, key } = parser.name();
  const descending = parser.takeWord("desc");
  if (!descending) parser.takeWord("asc");
  parser.expectEnd();
  return { entity, key, descending };
}

const isWord = (token: Token, word: string) => token.kind === "word" && token.text.toLowerCase() === word;

class Parser {
  readonly #tokens: Token[];
  #at = 0;
  #comparisons = 0;
  readonly #names: Names;

  constructor(text: string, names: Names) {
    this.#names = names;
    if (text.length > MAX_TEXT) throw new FilterError(`At most ${MAX_TEXT} characters.`, { from: MAX_TEXT, to: text.length });
    this.#tokens = tokenize(text);
  }

  peek(): Token {
    return this.#tokens[this.#at]!;
  }

  #next(): Token {
    const token = this.peek();
    if (token.kind !== "end") this.#at += 1;
    return token;
  }

  takeWord(word: string): boolean {
    const found = isWord(this.peek(), word);
    if (found) this.#next();
    return found;
  }

  #isMark(mark: string): boolean {
    const token = this.peek();
    return token.kind === "punctuation" && token.text === mark;
  }

  #takeMark(mark: string): boolean {
    const found = this.#isMark(mark);
    if (found) this.#next();
    return found;
  }

  expectEnd(): void {
    const token = this.peek();
    if (token.kind !== "end") throw new FilterError("Expected and, or, or the end.", token);
  }

  either(depth: number): Filter {
    return this.#group("or", () => this.#group("and", () => this.#one(depth)));
  }

  #group(kind: "and" | "or", part: () => Filter): Filter {
    const { from } = this.peek();
    const items = [part()];
    while (this.takeWord(kind)) items.push(part());
    return items.length === 1 ? items[0]! : { kind, items, at: { from, to: this.#tokens[this.#at - 1]!.to } };
  }

  #one(depth: number): Filter {
    const token = this.peek();
    if (!this.#takeMark("(")) return this.#comparison();
    if (depth >= MAX_DEPTH) throw new FilterError(`At most ${MAX_DEPTH} parentheses inside each other.`, token);
    const inner = this.either(depth + 1);
    if (!this.#takeMark(")")) throw new FilterError("Expected and, or, or a closing parenthesis.", this.peek());
    return inner;
  }

  #comparison(): Filter {
    this.#comparisons += 1;
    const { from } = this.peek();
    if (this.#comparisons > MAX_COMPARISONS) throw new FilterError(`At most ${MAX_COMPARISONS} comparisons.`, this.peek());
    const name = this.name();
    const found = this.#numbered(this.#operator(name));
    const at: Span = { from, to: this.#tokens[this.#at - 1]!.to };
    checkValues(found, at, this.#names);
    return { ...found, at };
  }

  /** Numbers that clients hold as texts may come in quotes. */
  #numbered(one: Comparison): Comparison {
    if (one.entity !== "attributes" || !this.#names.numerals?.includes(one.key)) return one;
    const read = (value: string | number) => (typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : value);
    if (one.kind === "compare") return { ...one, value: read(one.value) };
    return one.kind === "in" ? { ...one, values: one.values.map(read) } : one;
  }

  #operator(name: { entity: Entity; key: string }): Comparison {
    const token = this.#next();
    if (token.kind === "op") return { kind: "compare", ...name, op: token.text as Ordering, value: this.#value(this.#isMoney(name)) };
    if (isWord(token, "like") || isWord(token, "ilike")) return { kind: "like", ...name, caseless: isWord(token, "ilike"), pattern: this.#text() };
    if (isWord(token, "in")) return { kind: "in", ...name, not: false, values: this.#values(this.#isMoney(name)) };
    if (isWord(token, "not")) {
      if (!this.takeWord("in")) throw new FilterError("Expected in after not.", this.peek());
      return { kind: "in", ...name, not: true, values: this.#values(this.#isMoney(name)) };
    }
    if (isWord(token, "is")) {
      const not = this.takeWord("not");
      if (!this.takeWord("null")) throw new FilterError("Expected null.", this.peek());
      return { kind: "null", ...name, not };
    }
    throw new FilterError("Expected =, !=, <, <=, >, >=, like, ilike, in, not in, is null or is not null.", token);
  }

  /** `metrics.loss`, `` tags.`a b` ``, or a bare attribute. */
  name(): { entity: Entity; key: string } {
    const first = this.#next();
    if (first.kind !== "word" && !(first.kind === "quoted" && first.quote !== "'")) throw new FilterError("Expected a name such as metrics.loss, params.lr, tags.team or status.", first);
    if (first.kind === "quoted" || !this.#takeMark(".")) return { entity: "attributes", key: attribute(first.text, first, this.#names) };
    const word = first.text.toLowerCase();
    const entity = Object.hasOwn(ENTITY_ALIASES, word) ? ENTITY_ALIASES[word] : undefined;
    if (!entity || !this.#names.entities.includes(entity)) throw new FilterError(`There is no ${first.text} here. Known: ${this.#names.entities.join(", ")}.`, first);
    const second = this.#next();
    const isName = second.kind === "word" || second.kind === "number" || second.kind === "quoted";
    if (!isName) throw new FilterError(`Expected a name after ${first.text}. — in backticks or double quotes where it has spaces.`, second);
    const key = second.text;
    if (entity === "attributes") return { entity, key: attribute(key, second, this.#names) };
    if (entity === "datasets" && !(DATASET_FIELDS as readonly string[]).includes(key)) throw new FilterError(`A data set has no ${key}. Known: ${DATASET_FIELDS.join(", ")}.`, second);
    return { entity, key };
  }

  #isMoney({ entity, key }: { entity: Entity; key: string }): boolean {
    return entity === "attributes" && this.#names.attributes[key] === "money";
  }

  #value(money = false): string | number {
    const token = this.#next();
    if (money) return amountOf(token);
    if (token.kind === "number") return token.value;
    if (token.kind === "quoted" && token.quote !== "`") return token.text;
    if (token.kind === "word" && /^[+-]?(nan|inf|infinity)$/i.test(token.text)) return /nan/i.test(token.text) ? Number.NaN : token.text.startsWith("-") ? -Infinity : Infinity;
    throw new FilterError("Expected a number, or a text in quotes.", token);
  }

  #text(): string {
    const token = this.peek();
    const value = this.#value();
    if (typeof value !== "string") throw new FilterError("Expected a pattern in quotes, such as '%part%'.", token);
    return value;
  }

  #values(money = false): (string | number)[] {
    if (!this.#takeMark("(")) throw new FilterError("Expected a list such as ('a', 'b').", this.peek());
    const values = [this.#value(money)];
    while (this.#takeMark(",") && !this.#isMark(")")) values.push(this.#value(money)); // a tuple of one, as Python writes it: ('a',)
    if (!this.#takeMark(")")) throw new FilterError("Expected a comma or a closing parenthesis.", this.peek());
    return values;
  }
}

function attribute(name: string, at: Span, { attributes, aliases, entities }: Names): string {
  const plain = name.toLowerCase();
  const found = Object.hasOwn(attributes, plain) ? plain : Object.hasOwn(aliases, plain) ? aliases[plain] : undefined;
  if (!found) throw new FilterError(`There is no attribute ${name}. Known: ${Object.keys(attributes).join(", ")}.${entities.includes("metrics") ? ` Metrics, parameters and tags need their word before them, such as metrics.${name}.` : ""}`, at);
  return found;
}

/** An amount keeps its digits as they were written. */
function amountOf(token: Token): string {
  if (token.kind !== "number" || !AMOUNT.test(token.text)) throw new FilterError("Expected an amount as plain digits, such as 12.50, without a currency.", token);
  return token.text;
}

/** What is compared must be of the name's kind: numbers with numbers. */
function checkValues(one: Comparison, at: Span, { attributes }: Names): void {
  const kind = one.entity === "attributes" ? attributes[one.key] : undefined;
  const isNumeric = one.entity === "metrics" || (kind !== undefined && kind !== "text");
  if (one.kind === "null") return;
  if (one.kind === "like") {
    if (isNumeric) throw new FilterError(`${one.key} is a number: compare it with =, !=, <, <=, > or >=.`, at);
    if (/(?<!\\)(?:\\\\)*\\$/.test(one.pattern)) throw new FilterError("A pattern cannot end in a single \\: it says that the next sign stands for itself.", at);
    return;
  }
  if (kind === "money") return; // read as such
  const values = one.kind === "in" ? one.values : [one.value];
  if (isNumeric && values.some((value) => typeof value !== "number")) throw new FilterError(`${one.key} is a number: compare it with one, without quotes.`, at);
  const ordered = one.kind === "compare" && one.op !== "=" && one.op !== "!=";
  if (isNumeric || one.entity === "params") return; // a parameter may be compared either way
  if (values.some((value) => typeof value !== "string")) throw new FilterError(`${one.key} is a text: put the value into quotes.`, at);
  if (ordered) throw new FilterError(`${one.key} is a text: compare it with =, !=, like, ilike or in.`, at);
}
