import { Document, isCollection, isMap, parseDocument } from "yaml";
import { RunSpec } from "../../../domain/experiments/run-spec.ts";
import { readSpecDocument, specOf } from "../../../domain/experiments/spec-yaml.ts";
import type { FieldIssue } from "../../../domain/shared/errors.ts";
import { durationText, memoryText } from "../../../domain/shared/format.ts";

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

/** Reads with the parser that the server and the command line use, so that all three complain alike. */
export function readSpec(text: string): SpecDocument {
  const source = readSpecDocument(text.trim() === "" ? "{}" : text);
  const { spec, issues: found } = specOf(source);
  const issues = found.map((issue) => ({ ...issue, message: sentence(issue.message) }));
  if (source.issues.length > 0) return { text, value: null, spec, issues };
  try {
    return { text, value: source.doc.toJS({ maxAliasCount: MAX_ALIASES }) as Record<string, unknown>, spec, issues };
  } catch {
    return { text, value: null, spec: null, issues };
  }
}

const sentence = (message: string) => (/[.?!]$/.test(message) ? message : `${message}.`);

/**
 * The text with one field set, everything else as it was. `undefined` takes the field out, and its section when that
 * leaves it empty. A text that cannot be read comes back unchanged.
 */
export function setField(text: string, path: FieldPath, value: unknown): string {
  const document = parseDocument(text, { prettyErrors: false });
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

/**
 * What someone who writes it by hand would have written: in the form's order, sizes and times with units, and without
 * fields that are at their defaults.
 */
export function withoutDefaults(spec: RunSpec): Record<string, unknown> {
  const base = RunSpec.parse({ name: "x", project: "x", command: "x" });
  const kept = differences(spec, { ...base, name: undefined, project: undefined, command: undefined });
  const ordered = Object.fromEntries(Object.keys(RunSpec.shape).flatMap((key) => (key in kept ? [[key, kept[key]] as const] : [])));
  const resources = ordered["resources"] as Record<string, unknown> | undefined;
  if (typeof resources?.["memory"] === "number") ordered["resources"] = { ...resources, memory: memoryText(resources["memory"]) };
  if (typeof ordered["maxDuration"] === "number") ordered["maxDuration"] = durationText(ordered["maxDuration"]);
  const interactive = ordered["interactive"] as Record<string, unknown> | undefined;
  if (typeof interactive?.["idleTimeout"] === "number") ordered["interactive"] = { ...interactive, idleTimeout: durationText(interactive["idleTimeout"]) };
  return ordered;
}

/** Fields that differ, sections by their own fields; a record such as `env` or a discriminated `code` is whole. */
function differences(value: Record<string, unknown>, base: Record<string, unknown>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [key, mine] of Object.entries(value)) {
    const theirs = base[key];
    if (mine === undefined || isSame(mine, theirs)) continue;
    kept[key] = isPlain(mine) && isPlain(theirs) && Object.keys(theirs).length > 0 ? differences(mine, theirs) : mine;
  }
  return kept;
}

/** Equal whatever the order of keys: what comes back from a database has lost it. */
function isSame(a: unknown, b: unknown): boolean {
  if (!isPlain(a) || !isPlain(b)) return JSON.stringify(a) === JSON.stringify(b);
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => isSame(a[key], b[key]));
}

const isPlain = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
