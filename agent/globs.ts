import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { setImmediate as breathe } from "node:timers/promises";

/*
 * Patterns come from whoever submits a run, and the agent that reads them serves a whole cluster. As regular expressions some take
 * longer than the age of the universe to not match a name; as sets of states each letter of a name costs at most the pattern's length.
 */

type Fits = (letter: string) => boolean;
type Part = { one: Fits } | { all: Part[] } | { any: Part[] } | { many: Part; least: 0 | 1; most: "one" | "any" };

const IN_NAME: Fits = (letter) => letter !== "/";
const ANYTHING: Part = { many: { one: () => true }, least: 0, most: "any" };
const STAR: Part = { many: { one: IN_NAME }, least: 0, most: "any" };
const FOLDERS: Part = { many: { all: [STAR, { one: (letter) => letter === "/" }] }, least: 0, most: "any" };
const MOST_STATES = 20_000;
const BREATH_MS = 10;
const MOST_MS = 120_000;

const is = (wanted: string): Part => ({ one: (letter) => letter === wanted });
const maybe = (part: Part): Part => ({ many: part, least: 0, most: "one" });

/** Letters of one pattern, read from the left. @throws Error that says what is not understood. */
class Reader {
  private readonly letters: string[];
  private at = 0;
  /** Brackets that are never closed: not read a second time, or many of them would double the time each. */
  private readonly open = new Set<number>();

  constructor(text: string) {
    this.letters = Array.from(text);
  }

  read(): Part {
    return this.sequence("");
  }

  private next(word: string): boolean {
    return Array.from(word).every((letter, by) => this.letters[this.at + by] === letter);
  }

  private sequence(ends: string): Part {
    const all: Part[] = [];
    while (this.at < this.letters.length && !(ends !== "" && ends.includes(this.letters[this.at]!))) all.push(this.item());
    return { all };
  }

  private item(): Part {
    const begun = this.at;
    const letter = this.letters[this.at++]!;
    if (this.open.has(begun)) return this.itself(begun);
    const isFirst = begun === 0 || this.letters[begun - 1] === "/";
    if ("@?*+!".includes(letter) && this.letters[this.at] === "(") return this.group(letter, begun);
    if (letter === "\\" && this.at < this.letters.length) return is(this.letters[this.at++]!);
    if (letter === "*") return this.stars(isFirst);
    if (letter === "?") return { one: IN_NAME };
    if (letter === "[") return this.letterOf(begun);
    if (letter === "{") return this.braces(begun);
    if (letter === "(") return this.group("", begun);
    return is(letter);
  }

  private stars(isFirst: boolean): Part {
    let count = 1;
    for (; this.letters[this.at] === "*"; this.at++) count += 1;
    if (count < 2 || !isFirst) return STAR;
    if (this.at === this.letters.length) return ANYTHING;
    if (!this.next("/")) return STAR;
    this.at += 1;
    return FOLDERS;
  }

  /** `[a-z]`, `[!a-z]`; a bracket that is never closed is one. */
  private letterOf(begun: number): Part {
    const isNot = this.next("!") || this.next("^");
    const first = this.at + (isNot ? 1 : 0);
    const end = this.letters.indexOf("]", first + 1);
    if (end < 0) return this.itself(begun);
    const said = this.letters.slice(first, end);
    this.at = end + 1;
    const ranges: [string, string][] = [];
    for (let at = 0; at < said.length; at++) {
      if (said[at + 1] === "-" && at + 2 < said.length) ranges.push([said[at]!, said[(at += 2)]!]);
      else ranges.push([said[at]!, said[at]!]);
    }
    return { one: (letter) => letter !== "/" && ranges.some(([from, to]) => letter >= from && letter <= to) !== isNot };
  }

  /** `{a,b}` and `{1..9}`; anything else in braces is what it says. */
  private braces(begun: number): Part {
    const range = /^\{(\d{1,4})\.\.(\d{1,4})\}/.exec(this.letters.slice(begun, begun + 12).join(""));
    if (range) {
      this.at = begun + range[0].length;
      const [from, to] = [Number(range[1]), Number(range[2])].toSorted((a, b) => a - b) as [number, number];
      const width = range[1]!.startsWith("0") ? range[1]!.length : 0;
      return { any: Array.from({ length: to - from + 1 }, (_, by) => ({ all: Array.from(String(from + by).padStart(width, "0"), is) })) };
    }
    return this.choices(begun, ",", "}");
  }

  /** `@(a|b)` and its like; parentheses without a choice are what they say. */
  private group(kind: string, begun: number): Part {
    if (kind !== "") this.at += 1;
    const choices = this.choices(begun, "|", ")", kind === "" ? 2 : 1);
    if (kind === "" || this.letters[this.at - 1] !== ")" || this.at === begun + 1) return choices;
    if (kind === "!") throw new Error("!(…) is not understood; a pattern that begins with ! leaves out what it names");
    return kind === "@" ? choices : { many: choices, least: kind === "+" ? 1 : 0, most: kind === "?" ? "one" : "any" };
  }

  private choices(begun: number, between: string, end: string, fewest = 2): Part {
    const any: Part[] = [];
    for (;;) {
      any.push(this.sequence(between + end));
      const letter = this.letters[this.at++];
      if (letter === end && any.length >= fewest) return { any };
      if (letter !== between) return this.itself(begun);
    }
  }

  private itself(begun: number): Part {
    this.open.add(begun);
    this.at = begun + 1;
    const letter = this.letters[begun]!;
    return letter === "*" ? STAR : letter === "?" ? { one: IN_NAME } : is(letter);
  }
}

/** A folder's name stands for all in it, unless the name ends with a star. */
function partOf(pattern: string): Part {
  const told = pattern.split("/").filter((segment, at, all) => segment !== "." && (segment !== "" || (at === 0 && all.length === 1))).join("/");
  if (told === "") return ANYTHING;
  const read = new Reader(told).read();
  const all: Part = told.endsWith("*") ? read : { all: [read, maybe({ all: [is("/"), ANYTHING] })] };
  return { any: [all, { all: Array.from(told, is) }] }; // a name may have brackets of its own
}

type State = { fits: Fits; next: number } | { next: number[] };

/** Where in a pattern one is after some letters; nothing: no name that begins so is meant. */
type Place = ReadonlySet<number>;

class Machine {
  private readonly states: State[] = [{ next: [] }]; // the first is the end
  readonly start: Place;

  private constructor(part: Part) {
    this.start = this.closed([this.build(part, 0)]);
  }

  /** @throws Error where that is too much. */
  static of(any: Part[]): Machine {
    return new Machine({ any });
  }

  private add(state: State): number {
    if (this.states.length >= MOST_STATES) throw new Error("the patterns together are too long");
    return this.states.push(state) - 1;
  }

  private build(part: Part, next: number): number {
    if ("one" in part) return this.add({ fits: part.one, next });
    if ("all" in part) return part.all.reduceRight((then, each) => this.build(each, then), next);
    if ("any" in part) return this.add({ next: part.any.map((each) => this.build(each, next)) });
    const choice = { next: [next] };
    const at = this.add(choice);
    const inner = this.build(part.many, part.most === "one" ? next : at);
    choice.next.push(inner);
    return part.least === 1 ? inner : at;
  }

  private closed(from: number[]): Place {
    const seen = new Set<number>(from);
    for (const at of seen) {
      const { next } = this.states[at]!;
      if (typeof next !== "number") for (const to of next) seen.add(to);
    }
    return seen;
  }

  after(place: Place, text: string): Place {
    let now = place;
    for (const letter of text) {
      const to: number[] = [];
      for (const at of now) {
        const state = this.states[at]!;
        if ("fits" in state && state.fits(letter)) to.push(state.next);
      }
      if (to.length === 0) return new Set();
      now = this.closed(to);
    }
    return now;
  }

  isEnd = (place: Place): boolean => place.has(0);
}

export interface Listed {
  /** Relative, with forward slashes. */
  names: string[];
  left: string[];
}

/**
 * Regular files below a folder that a pattern names and none that begins with `!`, sorted. Links are neither named nor followed,
 * and folders in which nothing can be meant not read. `left`: patterns that are not understood.
 */
export async function listMatching(root: string, patterns: readonly string[], mostMs = MOST_MS): Promise<Listed> {
  const left: string[] = [];
  const read = (told: readonly string[]): Machine => {
    const any: Part[] = [];
    let machine = Machine.of(any);
    for (const pattern of told) {
      try {
        const part = partOf(pattern);
        machine = Machine.of([...any, part]);
        any.push(part);
      } catch (error) {
        left.push(`pattern "${pattern}": ${(error as Error).message}`);
      }
    }
    return machine;
  };
  const isNegative = (pattern: string) => pattern.startsWith("!") && !pattern.startsWith("!(");
  const wanted = read(patterns.filter((one) => !isNegative(one)));
  const unwanted = read(patterns.filter(isNegative).map((one) => one.slice(1)));
  const names: string[] = [];
  const began = performance.now();
  let breathed = began;
  const look = async (folder: string, name: string, place: Place, not: Place): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true }).catch((): Dirent[] => []);
    for (const entry of entries) {
      if (performance.now() - breathed > BREATH_MS) {
        await breathe();
        breathed = performance.now();
      }
      if (breathed - began > mostMs) throw new Error(`looking for them took longer than ${mostMs / 1000} s`);
      const [here, notHere] = [wanted.after(place, entry.name), unwanted.after(not, entry.name)];
      if (here.size === 0) continue;
      if (entry.isFile() && wanted.isEnd(here) && !unwanted.isEnd(notHere)) names.push(name + entry.name);
      const below = entry.isDirectory() ? wanted.after(here, "/") : new Set<number>();
      if (below.size > 0) await look(path.join(folder, entry.name), `${name}${entry.name}/`, below, unwanted.after(notHere, "/"));
    }
  };
  await look(root, "", wanted.start, unwanted.start).catch((error: unknown) => void left.push((error as Error).message));
  return { names: names.toSorted(), left };
}
