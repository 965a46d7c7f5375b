import pg from 'pg';
import { type ListeningServer, listen } from '../../kit/http-server.ts';
import { startTestPostgres, type TestPostgres } from '../../lab/testing/postgres.ts';
import { mes } from '../collectors/mes.ts';
import { collectOnce, TestCollectors } from './collect.ts';

/** What one collector of a mapping found: series with their values. */
export interface MappedFinding {
  found: Record<string, number>;
  failure: string | undefined;
  target: string;
  text: string;
}

/** An MES that nobody has seen before: its PostgreSQL (databases `mes` and `erp`) and its HTTP API. */
export interface MappingLab extends AsyncDisposable {
  readonly postgres: TestPostgres;
  /** The header of the request that came last. */
  readonly lastAuthorization: string | undefined;
  /** What each collector finds with that mapping, by name; `address` replaces that of the API. */
  collectAll(mapping: object, address?: (url: string) => string): Promise<Record<string, MappedFinding>>;
}

const answers: Record<string, string> = {
  '/stats': '{"at": "2026-01-01T00:00:00Z", "lines": [{"id": "L1", "good": "7"}, {"id": "L2", "good": 9}]}',
  '/garbage': '<html>login</html>',
  '/endless': ' '.repeat(17 * 2 ** 20),
};

const tables = `
CREATE TABLE orders (id int, status text, since timestamptz, line text);
INSERT INTO orders VALUES (1, 'open', '2026-01-01T00:00:00Z', 'L1'), (2, 'working', '2026-01-01T00:01:00Z', 'L1'),
  (3, 'working', '2026-01-01T00:02:00Z', 'L2');
CREATE TABLE machines (name text, line text, seen timestamptz, is_on bool);
INSERT INTO machines VALUES ('M1', 'L1', '2026-01-01T00:00:30.5Z', true), ('M2', 'L1', NULL, false);
CREATE SEQUENCE counted;`;

/** `/hangs` accepts and never answers. */
const startApi = (onRequest: (authorization: string | undefined) => void): Promise<ListeningServer> =>
  listen(
    ({ headers, url = '' }, response) => {
      onRequest(headers.authorization);
      if (url !== '/hangs') response.writeHead(answers[url] === undefined ? 404 : 200).end(answers[url]);
    },
    { host: '127.0.0.1', port: 0 },
  );

export async function startMappingLab(): Promise<MappingLab> {
  await using opened = new AsyncDisposableStack();
  const postgres = opened.use(await startTestPostgres());
  const erp = await postgres.database('erp');
  const database = await postgres.database('mes');
  await run(database, tables);
  let lastAuthorization: string | undefined;
  const api = opened.use(
    await startApi((authorization) => {
      lastAuthorization = authorization;
    }),
  );
  const collectorsOf = (mapping: object, url: string) =>
    new TestCollectors(mes, {
      targets: {
        mes: { kind: 'mes', url, database: 'mes-db' },
        'mes-db': { kind: 'postgres', url: database },
        'erp-db': { kind: 'postgres', url: erp },
      },
      exporter: { mappings: { mes: mapping } },
    });
  const owned = opened.move();
  return {
    postgres,
    get lastAuthorization() {
      return lastAuthorization;
    },
    async collectAll(mapping, address = (url) => url) {
      using collectors = collectorsOf(mapping, address(api.url));
      const results = await Promise.all(
        collectors.all.map(async (one) => {
          const { found, failure, target, text } = await collectOnce(one);
          return [one.name, { found: Object.fromEntries(found), failure, target, text }] as const;
        }),
      );
      return Object.fromEntries(results);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function run(url: string, statements: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(statements);
  await client.end();
}
