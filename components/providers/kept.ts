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
