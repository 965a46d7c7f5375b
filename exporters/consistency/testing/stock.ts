import pg from 'pg';
import { type Clock, systemClock } from '../../../kit/clock.ts';
import { connectMysql } from '../../../kit/mysql.ts';
import { targetsSchema } from '../../../kit/targets.ts';
import { compareSystems, type DestinationReport } from '../comparison.ts';
import { type ComparisonConfig, consistencySection } from '../config.ts';

/** One line of a stock: material, batch, quantity, and when it was booked. */
export type StockLine = readonly [material: string, batch: string, quantity: string, booked?: string];

const longAgo = '2026-01-01T00:00:00Z';

/** What each engine is asked for a stock: the same question in its own words. */
export const stockSql = {
  postgres: `SELECT material, batch, sum(quantity) AS quantity FROM stock WHERE booked_at < $watermark
    GROUP BY material, batch ORDER BY material COLLATE "C", batch COLLATE "C"`,
  // Its own collation would also group M-1 and m-1 together.
  mysql: `SELECT CAST(material AS BINARY) AS material, CAST(batch AS BINARY) AS batch, sum(quantity) AS quantity
    FROM stock WHERE booked_at < $watermark GROUP BY 1, 2 ORDER BY 1, 2`,
};

/** Makes the table `stock` anew in a PostgreSQL database. */
export async function fillPostgres(url: string, lines: readonly StockLine[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`DROP TABLE IF EXISTS stock; CREATE TABLE stock
    (material text NOT NULL, batch text NOT NULL, quantity numeric NOT NULL, booked_at timestamptz NOT NULL)`);
  const rows = lines.map(([material, batch, quantity, booked = longAgo]) => ({
    material,
    batch,
    quantity,
    booked,
  }));
  await client.query(
    `INSERT INTO stock SELECT * FROM jsonb_to_recordset($1) AS s(material text, batch text, quantity numeric, booked timestamptz)`,
    [JSON.stringify(rows)],
  );
  await client.end();
}

/** Makes the table `stock` anew in a MariaDB database; its times are in UTC, and its own order knows no upper and lower case. */
export async function fillMysql(url: string, lines: readonly StockLine[]): Promise<void> {
  const connection = await connectMysql({ url, applicationName: 'test', connectTimeoutMs: 10_000 });
  await connection.query('DROP TABLE IF EXISTS stock');
  await connection.query(`CREATE TABLE stock (material varchar(40) NOT NULL, batch varchar(40) NOT NULL,
    quantity decimal(30,6) NOT NULL, booked_at datetime(3) NOT NULL) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci`);
  const rows = lines.map(([material, batch, quantity, booked = longAgo]) => [
    material,
    batch,
    quantity,
    booked.replace('T', ' ').replace('Z', ''),
  ]);
  if (rows.length > 0) await connection.query('INSERT INTO stock VALUES ?', [rows]);
  await connection.end();
}

/** A section `exporter.consistency:` of one comparison; what is given wins over a comparison that answers soon. */
export function comparisonOf(part: Record<string, unknown>): ComparisonConfig {
  const soon = { name: 'stock', recheck_after: '0s', timeout: '20s' };
  const [config] = consistencySection.parse([{ ...soon, ...part }]);
  if (!config) throw new Error('the section has no comparison');
  return config;
}

export interface CompareOptions {
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  readonly onRecheck?: (records: number) => void;
}

/** One comparison of databases that are known by their addresses. */
export function compareUrls(
  urls: Record<string, string>,
  config: ComparisonConfig,
  { clock = systemClock, signal = new AbortController().signal, ...rest }: CompareOptions = {},
): Promise<DestinationReport[]> {
  const targets = Object.entries(urls).map(([name, url]) => {
    return [name, { kind: url.startsWith('mysql') ? 'mysql' : 'postgres', url }];
  });
  return compareSystems(config, {
    targets: targetsSchema.parse(Object.fromEntries(targets)),
    clock,
    signal,
    ...rest,
  });
}

/** What a report found, in short: how many of each kind, and the keys of the records with what each side holds. */
export function inShort(reports: readonly DestinationReport[], destination: string) {
  const report = reports.find((one) => one.destination === destination);
  const { outcome, failure } = report ?? {};
  if (outcome === undefined) return { failure, differing: [] };
  const differing = outcome.differences.map(({ dimension, keys, inSource, inDestination }) =>
    [dimension, ...keys, inSource ?? '-', inDestination ?? '-'].join(' '),
  );
  return { failure, ...outcome.mismatched, unsettled: outcome.unsettled, differing };
}
