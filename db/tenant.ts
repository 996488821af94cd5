import type { Sql, TransactionSql } from "postgres";

/** What we lean on inside postgres.js (pinned; db/tenant.test.ts holds it to this): a query is sent by the handler it was made with. */
interface Query extends Promise<unknown> {
  handler: (query: Query) => void;
  execute: () => Query;
  reject: (reason: unknown) => void;
}
interface Connection {
  execute: (query: Query) => unknown;
  terminate: () => void;
}

const isQuery = (made: unknown): made is Query => made instanceof Promise && "handler" in made;

/** The database said no, and the connection goes on: one that was lost is dealt with by postgres.js. */
const isRefusal = (reason: unknown): boolean => (reason as { severity?: string }).severity === "ERROR";

/** What would go out without the organization's name, or is not for one organization to do. */
const NOT_HERE = new Set<PropertyKey>(["reserve", "listen", "notify", "subscribe", "file", "largeObject", "end", "close"]);

/**
 * A client of a pool of drover_tenant's sessions that does everything in the name of one organization. Each statement goes out
 * right behind one that names it, on the same connection and without waiting for an answer; a transaction names it once.
 * The pool must not send more than one such pair at a time (`max_pipeline: 1`): postgres.js may send a statement whose plan
 * grew old a second time, and another pair could have come in between.
 */
export function asTenant(pool: Sql, orgId: string): Sql {
  const name = `drover.org = '${orgId.replaceAll("'", "''")}'`;

  function send(query: Query): void {
    const naming = pool.unsafe(`set ${name}`, [], { onexecute: sendBoth } as never) as unknown as Query;
    let on: Connection | undefined;
    let unsent = false;
    naming.reject = (reason) => {
      query.reject(reason);
      unsent = true;
      // Under the name of whoever came before, a statement that is on its way finds nothing of its own; nobody after it may.
      if (on && isRefusal(reason)) setImmediate(on.terminate);
    };
    function sendBoth(connection: Connection): unknown {
      const more = connection.execute(query);
      on = connection;
      if (!unsent) return more;
      // It could not even be written (an undefined parameter): this connection would wait for its answer for ever. It takes no other.
      setImmediate(connection.terminate);
      return false;
    }
    void naming.execute();
  }
  function named(made: unknown): unknown {
    if (isQuery(made)) made.handler = send;
    return made;
  }
  async function begin(...asked: [string, (tx: TransactionSql) => unknown] | [(tx: TransactionSql) => unknown]): Promise<unknown> {
    const [options, work] = asked.length === 2 ? asked : ["", asked[0]];
    return pool.begin(options, (tx) => {
      void (tx.unsafe(`set local ${name}`) as unknown as Query).execute();
      return work(tx);
    });
  }
  return new Proxy(pool, {
    apply: (_pool, _self, args: Parameters<Sql>) => named(pool(...args)),
    get: (_pool, key) => {
      if (key === "begin") return begin;
      if (key === "unsafe") return (...args: Parameters<Sql["unsafe"]>) => named(pool.unsafe(...args));
      if (NOT_HERE.has(key)) throw new Error(`${String(key)} is not for a client of one organization.`);
      return Reflect.get(pool, key) as unknown;
    },
  });
}
