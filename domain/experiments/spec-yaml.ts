import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument } from "yaml";
import type { z } from "zod";
import type { FieldIssue } from "../shared/errors.ts";
import { RunSpec } from "./run-spec.ts";

/** A YAML text with where its lines are, so that every complaint can name one. */
export interface SpecDocument {
  doc: Document;
  lines: LineCounter;
  issues: FieldIssue[];
}

const MAX_ALIASES = 100;

/** Reads the YAML only. `issues` are mistakes of the YAML itself, with lines counted from 1. */
export function readSpecDocument(yaml: string): SpecDocument {
  const lines = new LineCounter();
  const doc = parseDocument(yaml, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const issues = doc.errors.map((error): FieldIssue => ({ field: "", message: error.message, line: lines.linePos(error.pos[0]).line }));
  if (issues.length === 0 && !isMap(doc.contents)) issues.push({ field: "", message: "Expected fields such as `name:`, `project:` and `command:`.", line: 1 });
  return { doc, lines, issues };
}

/** The spec in a YAML text, or every reason why it is none. `line` counts from 1. */
export function checkSpecYaml(yaml: string): { spec: RunSpec | null; issues: FieldIssue[] } {
  return specOf(readSpecDocument(yaml));
}

/** As `checkSpecYaml`, for a document that may have been changed since it was read. */
export function specOf(source: SpecDocument): { spec: RunSpec | null; issues: FieldIssue[] } {
  if (source.issues.length > 0) return { spec: null, issues: source.issues };
  quoteScalars(source.doc, "env");
  quoteScalars(source.doc, "tags");
  let input: unknown;
  try {
    input = source.doc.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    return { spec: null, issues: [{ field: "", message: error instanceof Error ? error.message : "The YAML cannot be read.", line: 1 }] };
  }
  const folder = folderIssue(source);
  if (folder) return { spec: null, issues: [folder] };
  const parsed = RunSpec.safeParse(input);
  if (parsed.success) return { spec: parsed.data, issues: [] };
  const issues = parsed.error.issues.flatMap((issue) => explain(issue, input)).map(({ path, message, ofKey }) => at(path.join("."), message, lineOf(source, path, ofKey)));
  return { spec: null, issues: issues.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)) };
}

const at = (field: string, message: string, line: number | undefined): FieldIssue => ({ field, message, ...(line === undefined ? {} : { line }) });

/** `env: {PORT: 8080}` means the text 8080, as it was written: `1.10` stays `1.10`. */
function quoteScalars(doc: Document, field: string): void {
  const map = doc.get(field, true);
  if (!isMap(map)) return;
  for (const { value } of map.items) {
    if (isScalar(value) && (typeof value.value === "number" || typeof value.value === "boolean")) value.value = value.source ?? String(value.value);
  }
}

/** A folder exists only where the CLI runs. */
function folderIssue(source: SpecDocument): FieldIssue | null {
  const code = source.doc.get("code", true);
  const isFolder = (isScalar(code) && typeof code.value === "string") || (isMap(code) && code.has("folder"));
  return isFolder ? at("code", "A folder is packed and uploaded by the command line: `drover run FILE`. Here, name an uploaded archive or a git repository.", lineOf(source, ["code"], true)) : null;
}

interface Explained {
  path: PropertyKey[];
  message: string;
  /** The line of the field's name rather than of its value. */
  ofKey: boolean;
}

function explain(issue: z.core.$ZodIssue, input: unknown): Explained[] {
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(RunSpec, issue.path, input);
    return issue.keys.map((key) => ({ path: [...issue.path, key], message: `There is no field ${key}${issue.path.length > 0 ? ` in ${issue.path.join(".")}` : ""}.${suggest(key, known)}`, ofKey: true }));
  }
  const value = valueAt(input, issue.path);
  if (value === undefined) return [{ path: issue.path, message: "Required.", ofKey: false }];
  if (issue.code === "invalid_key") return [{ path: issue.path, message: issue.issues[0]?.message ?? issue.message, ofKey: true }];
  return [{ path: issue.path, message: issue.code === "invalid_union" ? unionMessage(issue) : plainMessage(issue), ofKey: false }];
}

const COUNTED: Record<string, string> = { string: " characters", array: " entries", record: " entries", object: " entries" };

/** What zod says of itself, in words for somebody who fills in a form. A schema's own words stay. */
function plainMessage(issue: z.core.$ZodIssue): string {
  if (issue.code === "too_big" && issue.message.startsWith("Too big")) return `${issue.inclusive === false ? "Below" : "At most"} ${String(issue.maximum)}${COUNTED[issue.origin] ?? ""}.`;
  if (issue.code === "too_small" && issue.message.startsWith("Too small")) return `${issue.inclusive === false ? "Above" : "At least"} ${String(issue.minimum)}${COUNTED[issue.origin] ?? ""}.`;
  if (issue.code === "invalid_type" && issue.message.startsWith("Invalid input")) return `Expected ${ARTICLE[issue.expected] ?? issue.expected}.`;
  return issue.message;
}

const ARTICLE: Record<string, string> = { number: "a number", int: "a whole number", string: "text", boolean: "true or false", array: "a list", object: "fields", record: "names with values" };

function unionMessage(issue: z.core.$ZodIssueInvalidUnion): string {
  if (issue.discriminator) return `Expected \`${issue.discriminator}\` to be one of: archive, git.`;
  return [...new Set(issue.errors.map((branch) => branch[0]?.message).filter(Boolean))].join(", or: ") || issue.message;
}

function valueAt(input: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>((value, part) => (typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined), input);
}

interface SchemaDef {
  innerType?: z.core.$ZodType;
  options?: z.core.$ZodType[];
  shape?: Record<string, z.core.$ZodType>;
}

/** The fields that the schema has at a path; all branches' fields where several are possible. */
function knownKeys(schema: z.core.$ZodType, path: PropertyKey[], input: unknown): string[] {
  const def = schema._zod.def as SchemaDef;
  if (def.innerType) return knownKeys(def.innerType, path, input);
  if (def.options) return def.options.flatMap((option) => knownKeys(option, path, input));
  if (!def.shape) return [];
  const [first, ...rest] = path;
  if (first === undefined) return Object.keys(def.shape);
  const next = def.shape[String(first)];
  return next ? knownKeys(next, rest, input) : [];
}

function suggest(key: string, known: string[]): string {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  const near = known
    .map((name) => ({ name, distance: plain(name) === plain(key) ? 0 : editDistance(plain(name), plain(key)) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(name.length / 3)))
    .sort((a, b) => a.distance - b.distance)[0];
  if (near) return ` Did you mean ${near.name}?`;
  return known.length > 0 ? ` Known: ${known.join(", ")}.` : "";
}

/** Letters to add, drop, change or swap with a neighbour. */
export function editDistance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)));
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, rows[i - 1]![j - 1]! + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      rows[i]![j] = best;
    }
  }
  return rows[a.length]![b.length]!;
}

/** Line of the field at a path, or of the nearest thing around it that is written down. undefined: it was put in later. */
function lineOf({ doc, lines }: SpecDocument, path: PropertyKey[], ofKey: boolean): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const part = path.slice(0, length);
    const node = (ofKey || length < path.length ? keyNode(doc, part) : undefined) ?? (doc.getIn(part, true) as Node | undefined);
    if (!node) continue;
    return node.range ? lines.linePos(node.range[0]).line : undefined;
  }
  return doc.contents?.range ? lines.linePos(doc.contents.range[0]).line : 1;
}

function keyNode(doc: Document, path: PropertyKey[]): Node | undefined {
  const parent = path.length > 1 ? doc.getIn(path.slice(0, -1), true) : doc.contents;
  if (!isMap(parent)) return undefined;
  return parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(path.at(-1)))?.key as Node | undefined;
}
