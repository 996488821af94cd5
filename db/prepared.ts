import type { Sql, TransactionSql } from "postgres";

/** A text is prepared from this time on that it is sent: most that are built for a search are sent once or twice. */
const OFTEN = 20;
/** Each costs a connection tens of kilobytes of plan; the ones that are asked with every request are far fewer. */
const MOST = 200;
const LONGEST_CHARS = 16_000;
/** How many texts are counted at once. */
const COUNTED = 2_000;

type Unsafe = Sql["unsafe"];

/**
 * A client whose statements are prepared once they turn out to be asked often: parsing and planning a small read costs ten times
 * its execution, and a prepared one needs one round trip where the other needs two. Drizzle prepares nothing that it is not told
 * to. Texts of all clients of one pool count together.
 */
export function preparesOften(pool: Sql): Sql {
  const times = new Map<string, number>();
  const kept = new Set<string>();

  function isOften(text: string): boolean {
    if (kept.has(text)) return true;
    if (kept.size >= MOST || text.length > LONGEST_CHARS) return false;
    const count = (times.get(text) ?? 0) + 1;
    times.delete(text); // and in again at the end: who was not asked for longest is forgotten first
    if (count < OFTEN) times.set(text, count);
    else kept.add(text);
    if (times.size > COUNTED) times.delete(times.keys().next().value!);
    return count >= OFTEN;
  }
  const wrap = <T extends Sql | TransactionSql>(client: T): T =>
    new Proxy(client, {
      get: (_client, key) => {
        if (key === "unsafe") return (...[text, args = [], options]: Parameters<Unsafe>) => client.unsafe(text, args, args.length > 0 && isOften(text) ? { ...options, prepare: true } : options);
        if (key === "begin" || key === "savepoint") return (...asked: unknown[]) => within(client, key, asked);
        return Reflect.get(client, key) as unknown;
      },
    });
  function within(client: Sql | TransactionSql, key: "begin" | "savepoint", asked: unknown[]): unknown {
    const work = asked.pop() as (tx: TransactionSql) => unknown;
    const enter = Reflect.get(client, key) as (...args: unknown[]) => unknown;
    return enter(...asked, (tx: TransactionSql) => work(wrap(tx)));
  }
  return wrap(pool);
}
