import { startTestMariadb } from '../../lab/testing/mariadb.ts';
import { startTestPostgres } from '../../lab/testing/postgres.ts';

/** One of two database engines, with a table `orders`: where it is, and how a test looks at what is really stored. */
export interface Engine {
  port: number;
  url: string;
  query(text: string): Promise<unknown>;
  session(name: string): Promise<{ query(text: string): Promise<unknown> }>;
  /** How many orders there are for which this holds. */
  count(where?: string): Promise<number>;
}

export interface TwoEngines extends AsyncDisposable {
  of(kind: string): Engine;
  /** Four orders again: three are open, one is done. */
  reset(): Promise<void>;
}

/** A PostgreSQL and a MariaDB, gone with their scope. */
export async function startTwoEngines(): Promise<TwoEngines> {
  await using opened = new AsyncDisposableStack();
  const [postgres, mariadb] = await Promise.all([startTestPostgres(), startTestMariadb()]);
  opened.use(postgres);
  opened.use(mariadb);
  await mariadb.database('mes');
  const client = await postgres.session('test');
  const session = await mariadb.session('test', 'mes');
  const counted = (where: string) => `SELECT count(*) AS n FROM orders WHERE ${where}`;
  const engines: Record<string, Engine> = {
    postgres: {
      port: postgres.port,
      url: postgres.url(),
      query: (text) => client.query(text),
      session: (name) => postgres.session(name),
      count: async (where = 'true') => Number((await client.query(counted(where))).rows[0].n),
    },
    mysql: {
      port: mariadb.port,
      url: mariadb.url('mes'),
      query: (text) => session.query(text),
      session: (name) => mariadb.session(name, 'mes'),
      count: async (where = 'true') => {
        const [rows] = await session.query(counted(where));
        return Number((rows as { n: number }[])[0]?.n);
      },
    },
  };
  const owned = opened.move();
  return {
    of(kind) {
      const engine = engines[kind];
      if (!engine) throw new TypeError(kind);
      return engine;
    },
    async reset() {
      for (const { query } of Object.values(engines)) {
        await query('DROP TABLE IF EXISTS orders');
        await query('CREATE TABLE orders (id INT PRIMARY KEY, state VARCHAR(20))');
        await query(`INSERT INTO orders VALUES (1, 'open'), (2, 'open'), (3, 'open'), (4, 'done')`);
      }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
