import { hashKey, type QueryKey } from "@tanstack/react-query";

/** What a query asks, as tRPC writes it into its key. */
export const askedOf = (key: QueryKey): unknown => (key[1] as { input?: unknown } | undefined)?.input;

/**
 * For `placeholderData`: the answer before stays while the next is on its way, where both questions say the same in `fields`. What
 * the page names by such a field would else stand over the numbers of another.
 */
export function keptIfSame(key: QueryKey, ...fields: string[]) {
  const part = (of: QueryKey) => {
    const asked = (askedOf(of) ?? {}) as Record<string, unknown>;
    return hashKey(fields.map((field) => asked[field] ?? null));
  };
  return <Data>(before: Data | undefined, query: { queryKey: QueryKey } | undefined): Data | undefined => (query && part(query.queryKey) === part(key) ? before : undefined);
}

/**
 * The same for useQueries, which makes an observer for each question that is new and so has nothing from before: what each place of
 * the page showed last is held here.
 */
export class Held<Data> {
  readonly #answers = new Map<string, { key: QueryKey; data: Data }>();

  hold(place: string, key: QueryKey, data: Data): void {
    this.#answers.set(place, { key, data });
  }

  /** For `placeholderData`. */
  before(place: string, key: QueryKey, ...fields: string[]): () => Data | undefined {
    return () => {
      const held = this.#answers.get(place);
      return keptIfSame(key, ...fields)(held?.data, held && { queryKey: held.key });
    };
  }
}
