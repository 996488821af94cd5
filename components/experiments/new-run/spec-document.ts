import { Document, isCollection, isMap, isScalar, LineCounter, type Node, type Pair, parseDocument } from "yaml";
import { RunSpec } from "../../../domain/experiments/run-spec.ts";
import type { FieldIssue } from "../../../domain/shared/errors.ts";

/**
 * A spec being written. The YAML text is the truth: the form reads from it and patches single fields in it, so comments,
 * order and everything the form does not show survive whatever side one edits.
 */
export interface SpecDocument {
  text: string;
  /** The text as a plain object; null while it is not readable as one (the form then rests). */
  value: Record<string, unknown> | null;
  /** The parsed spec, once there are no issues. */
  spec: RunSpec | null;
  /** What is wrong, by field and line. Syntax errors have the field "". */
  issues: FieldIssue[];
}

export type FieldPath = readonly (string | number)[];

/** Aliases could blow up a small text ("billion laughs"); a spec needs few. */
const MAX_ALIASES = 50;

function parse(text: string) {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, uniqueKeys: true });
  return { document, lineAt: (offset: number) => counter.linePos(offset).line };
}

export function readSpec(text: string): SpecDocument {
  const { document, lineAt } = parse(text);
  const broken = (issues: FieldIssue[]): SpecDocument => ({ text, value: null, spec: null, issues });
  if (document.errors.length > 0) return broken(document.errors.map((error) => ({ field: "", message: sentence(error.message), line: lineAt(error.pos[0]) })));
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    return broken([{ field: "", message: error instanceof Error ? error.message : "Cannot be read.", line: 1 }]);
  }
  if (value === null || value === undefined) value = {};
  if (typeof value !== "object" || Array.isArray(value)) return broken([{ field: "", message: "Expected fields such as `name: my-run`.", line: 1 }]);
  const parsed = RunSpec.safeParse(value);
  const issues = parsed.success ? [] : issuesOf(parsed.error.issues, document, lineAt);
  return { text, value: value as Record<string, unknown>, spec: parsed.success ? parsed.data : null, issues };
}

const sentence = (message: string) => (message.endsWith(".") ? message : `${message}.`);

interface ZodIssue {
  code?: string;
  path: PropertyKey[];
  message: string;
  keys?: string[];
  errors?: ZodIssue[][];
}

function issuesOf(found: readonly unknown[], document: Document.Parsed, lineAt: (offset: number) => number): FieldIssue[] {
  return (found as ZodIssue[]).flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
    if (issue.code === "unrecognized_keys") {
      return (issue.keys ?? []).map((key) => ({ field: [...path, key].join("."), message: `There is no field ${key}.`, ...lineOf(document, [...path, key], lineAt) }));
    }
    return [{ field: path.join("."), message: sentence(wording(issue, document.getIn(path))), ...lineOf(document, path, lineAt) }];
  });
}

/** zod's words for a missing or mistyped value speak of JavaScript; ours of the spec. */
function wording(issue: ZodIssue, given: unknown): string {
  if (given === undefined || given === null || (given === "" && issue.code === "too_small")) return "This is needed";
  const nested = issue.code === "invalid_union" ? issue.errors?.flat().find((one) => one.code === "custom" || one.code === "too_small") : undefined;
  return (nested?.message ?? issue.message).replace(/^Invalid input: expected (\w+), received (\w+)$/, "Expected a $1, not a $2").replace(/^Invalid option: expected one of /, "Use one of ");
}

/** Line of the deepest part of the path that is there; the field's key rather than its value. */
function lineOf(document: Document.Parsed, path: FieldPath, lineAt: (offset: number) => number): { line: number } {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const parent = depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1), true);
    if (!isMap(parent)) {
      const range = (document.getIn(path.slice(0, depth), true) as Node | undefined)?.range;
      if (range) return { line: lineAt(range[0]) };
      continue;
    }
    const pair = parent.items.find((item: Pair) => isScalar(item.key) && item.key.value === path[depth - 1]);
    const range = (pair?.key as Node | undefined)?.range;
    if (range) return { line: lineAt(range[0]) };
  }
  return { line: 1 };
}

/**
 * The text with one field set, everything else as it was. `undefined` takes the field out, and its section when that
 * leaves it empty. A text that cannot be read comes back unchanged.
 */
export function setField(text: string, path: FieldPath, value: unknown): string {
  const { document } = parse(text);
  if (document.errors.length > 0) return text;
  if (value === undefined) remove(document, path);
  else {
    clearScalars(document, path);
    document.setIn(path, document.createNode(value));
  }
  return print(document);
}

function remove(document: Document.Parsed, path: FieldPath): void {
  if (!document.hasIn(path)) return;
  document.deleteIn(path);
  for (let depth = path.length - 1; depth > 0; depth -= 1) {
    const parent = document.getIn(path.slice(0, depth), true);
    if (isCollection(parent) && parent.items.length === 0) document.deleteIn(path.slice(0, depth));
    else return;
  }
}

/** `env:` with nothing under it is null, and null holds no fields. */
function clearScalars(document: Document.Parsed, path: FieldPath): void {
  if (!isMap(document.contents)) document.contents = document.createNode({}) as never;
  for (let depth = 1; depth < path.length; depth += 1) {
    const part = document.getIn(path.slice(0, depth), true);
    if (part !== undefined && !isCollection(part)) document.deleteIn(path.slice(0, depth));
  }
}

function print(document: Document): string {
  if (isCollection(document.contents) && document.contents.items.length === 0 && !document.commentBefore) return "";
  if (isMap(document.contents)) document.contents.flow = false;
  return document.toString({ lineWidth: 0 });
}

/** A whole spec as text: only what differs from the defaults, in the order of the form. */
export function writeSpec(spec: Record<string, unknown>): string {
  return Object.keys(spec).length === 0 ? "" : print(new Document(spec));
}

/** What someone who writes it by hand would have written: fields at their defaults are left out. */
export function withoutDefaults(spec: RunSpec): Record<string, unknown> {
  const base = RunSpec.parse({ name: "x", project: "x", command: "x" }) as unknown as Record<string, unknown>;
  const kept = differences(spec as unknown as Record<string, unknown>, { ...base, name: undefined, project: undefined, command: undefined });
  return kept;
}

function differences(value: Record<string, unknown>, base: Record<string, unknown>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [key, mine] of Object.entries(value)) {
    const theirs = base[key];
    if (JSON.stringify(mine) === JSON.stringify(theirs)) continue;
    if (isPlain(mine) && isPlain(theirs) && Object.keys(theirs).length > 0) kept[key] = differences(mine, theirs);
    else if (mine !== undefined) kept[key] = mine;
  }
  return kept;
}

const isPlain = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
